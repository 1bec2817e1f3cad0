"""Config errors, each key in turn: one line with key, value and expectation, never a traceback."""

import os
from pathlib import Path

import msgspec
import pytest

from edged.config.load import load_config, parse_config, samples
from edged.config.structs import Config, Mqtt
from edged.errors import ConfigError
from tests.parts.refusals import refusal, written
from tests.repo.test_docs import keys

# Key, wrong values in YAML, and the range or kind that the message must contain.
_NUMBERS = {
    "audio.buffer_s": (["1.9", "121"], "a number, 2 to 120"),
    "audio.gain_db": (["-20.1", "40.1"], "a number, -20 to 40"),
    "audio.highpass_hz": (["-1", "1001"], "a number, 0 to 1000"),
    "audio.silent_after_s": (["0.9", "3601"], "a number, 1 to 3600"),
    "audio.max_recovery_s": (["-1", "86401"], "a number, 0 to 86400"),
    "models.stride_s": (["0", "3.1", "-0.496"], "a number, 0.016 to 2.992"),
    "gate.margin_db": (["2.9", "61"], "a number, 3 to 60"),
    "gate.min_dbfs": (["-97", "0.1"], "a number, -96 to 0"),
    "gate.min_speech_s": (["0", "3"], "a number, 0.016 to 2.992"),
    "baseline.half_life_min": (["0.9", "10081"], "a number, 1 to 10080"),
    "baseline.bound": (["-0.1", "5.1"], "a number, 0 to 5"),
    "tracker.span_s": (["0.4", "61"], "a number, 0.5 to 60"),
    "tracker.lasts_s": (["0.4", "3601"], "a number, 0.5 to 3600"),
    "tracker.enter": (["-0.1", "1.1"], "a number, 0 to 1"),
    "tracker.leave": (["-0.1", "1.1"], "a number, 0 to 1"),
    "tracker.margin": (["-0.1", "1.1"], "a number, 0 to 1"),
    "tracker.min_duration_s": (["-1", "61"], "a number, 0 to 60"),
    "tracker.min_speech": (["-0.1", "1.1"], "a number, 0 to 1"),
    "calls.stride_s": (["1.5", "3"], "a number, 1.504 to 2.992"),
    "calls.min_speech_s": (["4", "3601"], "a number, 5 to 3600"),
    "calls.max_uncertain": (["-0.1", "1.1"], "a number, 0 to 1"),
    "calls.max_interval": (["-1", "10"], "a number, 0 to 9"),
    "calls.calm_below": (["-0.1", "1.1"], "a number, 0 to 1"),
    "calls.end_after_s": (["4", "3601"], "a number, 5 to 3600"),
    "outbox.days": (["0", "3651"], "a number, 0.01 to 3650"),
    "outbox.commit_s": (["-1", "61"], "a number, 0 to 60"),
    "web.max_hours": (["0", "25"], "a number, 0.01 to 24"),
}
_WHOLE = {
    "models.threads": (["0", "5"], "a whole number, 1 to 4"),
    "mqtt.port": (["65536", "-1"], "a whole number, 0 to 65535"),
    "web.port": (["65536", "-1"], "a whole number, 0 to 65535"),
    "web.max_megabytes": (["0", "100001"], "a whole number, 1 to 100000"),
    "web.max_calls": (["0", "1001"], "a whole number, 1 to 1000"),
    "mqtt.keepalive_s": (["4", "3601"], "a whole number, 5 to 3600"),
    "outbox.events": (["99", "100001"], "a whole number, 100 to 100000"),
    "outbox.megabytes": (["0", "65"], "a whole number, 1 to 64"),
    "health_s": (["4", "3601"], "a whole number, 5 to 3600"),
    "calls.opening_windows": (["0", "61"], "a whole number, 1 to 60"),
    "prometheus.port": (["65536", "-1"], "a whole number, 0 to 65535"),
}
_CHOICES = {
    "models.routing": "auto or hard or soft",
    "baseline.mode": "on or frozen or off",
    "gate.kind": "auto or model or level",
    "tracker.smoothing": "bayesian or majority",
    "mqtt.protocol": "v3.1.1 or v5",
    "mqtt.tls": "off or on",
    "mqtt.commands": "off or read-only or on",
    "outbox.keep": "disk or memory",
    "log_level": "debug or info or warning or error",
    "calls.customer": "ask or left or right or mono",
    "calls.live": "off or on",
    "homeassistant.discovery": "device or component or off",
}
_NO_LEVELS = ['""', "a//b", "/a", "a/", "a/+", "'#'", '"a\\n"', "x" * 201]
_TEXTS = {
    "node": (["a b", "a/b", "ü", f"{'x' * 65}", '"a\\n"'], "at most 64 of a-z"),
    "audio.device": (
        ['""', "' '", "'name:'", "'usb-id:'", "usb-id:0d8c", "usb-id:0d8c:14", "'usb-id:0d8c:0014:'", "'usb-path:'"],
        "auto, usb-id:vid:pid",
    ),
    "models.bundle": (['""'], "small, large, auto or the path of a bundle's folder"),
    "calls.bundle": (['""'], "small, large, auto or the path of a bundle's folder"),
    "mqtt.host": (['""'], "a host's name or address"),
    "mqtt.username": (["x" * 10_001], "text"),
    "mqtt.password_file": ([], "text"),
    "mqtt.ca_file": ([], "text"),
    "mqtt.cert_file": ([], "text"),
    "mqtt.key_file": ([], "text"),
    "mqtt.insecure": (["yes", "on", "insecure"], "'' or 'anyone may pretend to be the broker'"),
    "state_dir": ([], "text"),
    "mqtt.root": (_NO_LEVELS, "levels of a-z"),
    "homeassistant.prefix": (_NO_LEVELS, "levels of a-z"),
    "homeassistant.suggested_area": ([], "text"),
    "web.host": (['""'], "an address or name of this machine"),
    "web.open_to_network": (["yes", "on"], "'' or 'anyone on the network may read every report'"),
    "hub.name": (["a b", "a/b", "ü", f"{'x' * 65}"], "at most 64 of a-z"),
    "hub.part": (['""', "1", "0/1", "1/0", "1/1000", "a/b", "1/1/1"], "a number and a count, such as 1/4"),
}
_HUB = ("hub.places", "hub.labels", "hub.agent", "hub.actions")  # tests/unit/config/test_hub.py has their values
_LISTS = ("web.names",)
_FLAGS = ("audio.muted", "audio.remove_hum", "mqtt.window")
_NO_CHANNEL = ["0", "33", "-1", "1.5", "left", '"1"', "true", "null", "[1]", "{}"]
_SHARES = ("baseline.expected", "tracker.enter_for", "calls.weights")
_NO_NUMBER = ["text", '"1"', "true", "null", "[1]", "{}", ".nan", ".inf", "-.inf", "2026-01-01", "1e400"]
_NO_WHOLE = [*_NO_NUMBER, "5.5", "5.0", "99999999999999999999999"]
_NO_TEXT = ["1", "1.5", "true", "null", "[a]", "{}", "2026-01-01"]
_NO_FLAG = ["1", "0", "yes", "on", "'true'", "null", "[true]", "{}"]

_WRONG = (
    [(key, value, words) for key, (values, words) in _NUMBERS.items() for value in [*values, *_NO_NUMBER]]
    + [(key, value, words) for key, (values, words) in _WHOLE.items() for value in [*values, *_NO_WHOLE]]
    + [(key, value, words) for key, words in _CHOICES.items() for value in ["other", "''", "Auto", *_NO_TEXT]]
    + [(key, value, words) for key, (values, words) in _TEXTS.items() for value in [*values, *_NO_TEXT]]
    + [(key, value, "true or false") for key in _FLAGS for value in _NO_FLAG]
    + [("audio.channel", value, "auto, or the number of a channel, 1 to 32") for value in _NO_CHANNEL]
)


@pytest.mark.parametrize("written", ["12", "2020-01-01"])
def test_number_or_date_where_text_is_expected(written: str) -> None:
    """YAML reads ``node: 12`` as a number, and others as a date: the error shows how to write the text."""
    with pytest.raises(ConfigError, match=rf"node is {written} \(as text, in quotes: '{written}'\), expected at most"):
        parse_config(f"node: {written}", "config.yaml")


def test_parse_nothing_is_defaults() -> None:
    """An empty file, comments and sections without keys give the defaults."""
    for text in ("", "# nothing\n", "mqtt:\ntracker:\n"):
        assert parse_config(text, "") == Config()


def test_parse_one_key_others_default() -> None:
    """Other keys keep their defaults; an integer is a valid number."""
    config = parse_config("tracker:\n  span_s: 4\n", "")
    assert config.tracker.span_s == 4
    assert config.mqtt == Config().mqtt


@pytest.mark.parametrize(
    "selector",
    [
        "auto",
        "pulse",
        "name:USB PnP: Audio",
        "name:usb-mic",
        "usb-id:0d8c:0014",
        "usb-id:0D8C:0014:A b:1",
        "usb-path:1f00200000.usb:1.3",
        "usb-path:1-1.3",
    ],
)
def test_parse_device(selector: str) -> None:
    """Every kind of selector from `edged devices` and a part of a name pass."""
    assert parse_config(written("audio.device", f'"{selector}"'), "").audio.device == selector


@pytest.mark.parametrize("key", _SHARES)
@pytest.mark.parametrize("value", ["1", "[neutral]", "{neutral: 1.1}", "{neutral: much}", "{1: 0.5}", "null"])
def test_parse_wrong_shares(key: str, value: str) -> None:
    """A value that is no mapping, an invalid share and a label that is no text are refused."""
    message = refusal(written(key, value))
    assert message.startswith(f"config.yaml: {key} is ")
    assert message.endswith("expected labels, each with its share, 0 to 1, such as {neutral: 0.7}")


def test_wrong_values_are_of_every_key() -> None:
    """The tables above cover every key."""
    assert {key for key, *_ in _WRONG} | {*_SHARES, *_HUB, *_LISTS} == set(keys(Config))


@pytest.mark.parametrize(("key", "value", "words"), _WRONG)
def test_parse_wrong_value(key: str, value: str, words: str) -> None:
    """The message names the key and everything that would be valid."""
    message = refusal(written(key, value))
    assert message.startswith(f"config.yaml: {key} is ")
    assert f", expected {words}" in message


@pytest.mark.parametrize("key", sorted({*keys(Config)} - {"hub.labels"}))
def test_parse_list_for_any_key(key: str) -> None:
    """Only ``hub.labels`` accepts a list; the message names the key and the type, also for truth values."""
    message = refusal(written(key, "[1]"))
    assert message.startswith(f"config.yaml: {key} is [1], expected ")
    assert "keys among" not in message


@pytest.mark.parametrize("section", sorted({key.partition(".")[0] for key in keys(Config) if "." in key}))
@pytest.mark.parametrize("value", ["5", "text", "[]", "true"])
def test_parse_section_is_no_mapping(section: str, value: str) -> None:
    """A section that is a scalar: the message lists its keys."""
    first = msgspec.structs.fields(getattr(Config(), section))[0].name
    message = refusal(f"{section}: {value}")
    assert message.startswith(f"config.yaml: {section} is ")
    assert f", expected keys among {first}" in message


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("xyz", "expected keys among node, audio, "),
        ("mqtt.hots", "did you mean mqtt.host?"),
        ("tracker.span", "did you mean tracker.span_s?"),
        ("models.stride_s ms", "did you mean models.stride_s?"),
        ("audio.1", "expected keys among device, "),
        ("audio.true", "expected keys among device, "),
    ],
)
@pytest.mark.parametrize("value", ["1", "null", "{}"])
def test_parse_unknown_key(key: str, words: str, value: str) -> None:
    """A mistyped key is refused, even without a value, with the right key or a list of all."""
    assert f"config.yaml: {key} is not a key, {words}".lower() in refusal(written(key, value)).lower()


def test_parse_key_without_a_value() -> None:
    """``node:`` without a value is not an empty text, and the message says so."""
    message = refusal("node:")
    assert message == (
        "config.yaml: node is without a value, expected at most 64 of a-z A-Z 0-9 _ -, or '' for a name made of the"
        " device's id"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tracker: {enter: 0.4, leave: 0.41}", "tracker.leave is 0.41, expected at most tracker.enter (0.4)"),
        ("models: {stride_s: 0.5}", "models.stride_s is 0.5, expected a multiple of 0.016 s (nearest: 0.496, 0.512)"),
        ("models: {stride_s: 0.0161}", "models.stride_s is 0.0161, expected a multiple of 0.016 s"),
        ("mqtt: {host: 'hub:1883'}", "mqtt.host has a port, expected the name alone: host: hub, port: 1883"),
        ("mqtt: {password_file: a}", "mqtt.username is empty, expected a name beside mqtt.password_file"),
        ("mqtt: {ca_file: a}", "mqtt.tls is off, expected on beside mqtt.ca_file"),
        ("mqtt: {insecure: anyone may pretend to be the broker}", "tls is off, expected on beside mqtt.insecure"),
        ("mqtt: {tls: on, key_file: a}", "mqtt.cert_file is empty, expected a file beside mqtt.key_file"),
        (
            "mqtt: {tls: on, ca_file: a, insecure: anyone may pretend to be the broker}",
            "mqtt.insecure is set, expected it to be empty beside mqtt.ca_file",
        ),
    ],
)
def test_parse_keys_that_contradict(text: str, expected: str) -> None:
    """Each value is valid by itself, but not together with the other."""
    assert expected in refusal(text)


def test_parse_port_follows_tls() -> None:
    """Without a port the default depends on TLS; a given port wins."""
    assert parse_config("mqtt: {port: 0}", "").mqtt.tcp_port == 1883
    assert parse_config("mqtt: {tls: on}", "").mqtt.tcp_port == 8883
    assert parse_config("mqtt: {tls: on, port: 1883}", "").mqtt.tcp_port == 1883
    assert msgspec.structs.replace(Mqtt(), tls="on").tcp_port == 8883


def test_load_file(tmp_path: Path) -> None:
    """A file with a byte order mark and Windows line ends is read normally."""
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xef\xbb\xbfnode: k\xc3\xbcche\r\n".replace(b"\xc3\xbc", b"ue"))
    assert load_config(file).node == "kueche"


def test_load_missing_file(tmp_path: Path) -> None:
    """The message names the path."""
    with pytest.raises(ConfigError, match=r"none\.yaml: No such file or directory, expected a readable YAML file"):
        load_config(tmp_path / "none.yaml")


def test_load_directory(tmp_path: Path) -> None:
    """A folder is refused."""
    with pytest.raises(ConfigError, match="Is a directory, expected a readable YAML file"):
        load_config(tmp_path)


def test_load_not_utf8(tmp_path: Path) -> None:
    """A Latin-1 file is refused with the offset of the byte."""
    (tmp_path / "c").write_bytes("node: küche".encode("latin-1"))
    with pytest.raises(ConfigError, match="byte 7 is not UTF-8, expected a YAML file in UTF-8"):
        load_config(tmp_path / "c")


def test_load_too_large(tmp_path: Path) -> None:
    """A gigabyte is refused without being read."""
    (tmp_path / "c").touch()
    os.truncate(tmp_path / "c", 2**30)
    with pytest.raises(ConfigError, match="larger than 1048576 bytes"):
        load_config(tmp_path / "c")


def test_load_endless() -> None:
    """An endless device file is refused too."""
    with pytest.raises(ConfigError, match="larger than 1048576 bytes"):
        load_config(Path("/dev/zero"))


@pytest.mark.parametrize(("seconds", "count"), [(0.016, 256), (0.496, 7936), (2.992, 47872), (16, 256_000)])
def test_samples_exact(seconds: float, count: int) -> None:
    """Decimal seconds become exact counts, although binary floating point cannot represent 0.496."""
    assert samples("key", seconds, 16_000, 256) == count


def test_samples_not_a_multiple() -> None:
    """The message gives the nearest valid lengths, never 0."""
    with pytest.raises(ConfigError, match=r"key is 0.01, expected a multiple of 0.016 s \(nearest: 0.016\)"):
        samples("key", 0.01, 16_000, 256)
