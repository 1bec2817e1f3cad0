"""Hints for unknown keys: names from other programs or sections, and typing errors."""

import re

import msgspec
import pytest

from edged.config.load import parse_config
from edged.config.structs import Config
from edged.config.wrong_keys import _HINTS, _SYNONYMS, hint
from edged.errors import ConfigError
from tests.parts.refusals import refusal
from tests.repo.test_docs import keys


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mqtt: {user: a}", "mqtt.user is not a key, did you mean mqtt.username?"),
        ("mqtt: {broker: hub}", "mqtt.broker is not a key, did you mean mqtt.host?"),
        ("mqtt: {topic: home}", "mqtt.topic is not a key, did you mean mqtt.root?"),
        ("mqtt: {client_id: a}", "mqtt.client_id is not a key, the client id follows node"),
        ("host: hub", "host is not a key, did you mean mqtt.host?"),
        ("enter: 0.7", "enter is not a key, did you mean tracker.enter?"),
        ("mqtt: {enter: 0.7}", "mqtt.enter is not a key, did you mean tracker.enter?"),
        ("trakcer: {enter: 0.7}", "trakcer is not a key, did you mean tracker?"),
        ("mqtt: {prot: 1883}", "mqtt.prot is not a key, did you mean mqtt.port?"),
        ("microphone: usb", "microphone is not a key, did you mean audio.device?"),
        ("mqtt.port: 1883", "mqtt.port is not a key, expected it below its section: mqtt: {port: …}"),
        ("mqtt.hots: a", "mqtt.hots is not a key, did you mean mqtt.host?"),
        ("mqtt.password: a", f"mqtt.password is not a key, {_HINTS['mqtt.password']}"),
        ("audio: {sample_rate: 16000}", "audio.sample_rate is not a key, the rate follows the microphone"),
    ],
)
def test_hint_names_the_key_that_was_meant(text: str, message: str) -> None:
    """The hint is one line."""
    assert refusal(text) == f"config.yaml: {message}"


def test_two_exchanged_letters_are_seen_through() -> None:
    """In any key of the config."""
    for section, names in {"": Config.__struct_fields__, **sections_of(Config)}.items():
        for name in names:
            for at in range(len(name) - 1):
                slip = f"{name[:at]}{name[at + 1]}{name[at]}{name[at + 2 :]}"
                if slip not in names:
                    assert hint(section, slip, {section: names}) == f"did you mean {section}{section and '.'}{name}?"


def sections_of(kind: type[msgspec.Struct]) -> dict[str, tuple[str, ...]]:
    """The keys of each section."""
    fields = [(field.name, field.default) for field in msgspec.structs.fields(kind)]
    return {name: default.__struct_fields__ for name, default in fields if isinstance(default, msgspec.Struct)}


@pytest.mark.parametrize("key", ["pass", "passwd", "password"])
def test_password_in_the_config_is_not_shown(key: str) -> None:
    """It belongs in a file, and the message goes to the log."""
    with pytest.raises(ConfigError, match=r"mqtt\.password_file") as raised:
        parse_config(f"mqtt: {{username: a, {key}: hunter2}}", "config.yaml")
    assert "hunter2" not in str(raised.value)


def test_every_hint_leads_to_a_key_and_none_hides_one() -> None:
    """Every hint names an existing key, and no synonym is a key itself."""
    known = {*keys(Config), *Config.__struct_fields__}
    assert set(_SYNONYMS.values()) <= known
    assert not (_SYNONYMS.keys() | _HINTS.keys()) & known
    assert all(re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", key) for key in _SYNONYMS.keys() | _HINTS.keys())
