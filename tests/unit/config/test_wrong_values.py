"""Config errors, each key in turn: one line with key, value and expectation, never a traceback."""

import msgspec
import pytest

from edged.config.load import parse_config
from edged.config.structs import Config
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


def test_parse_key_without_a_value() -> None:
    """``node:`` without a value is not an empty text, and the message says so."""
    message = refusal("node:")
    assert message == (
        "config.yaml: node is without a value, expected at most 64 of a-z A-Z 0-9 _ -, or '' for a name made of the"
        " device's id"
    )
