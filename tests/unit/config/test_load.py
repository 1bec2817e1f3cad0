"""Config files: what is read of them, and one line for a file, a key or a pair of keys that is wrong."""

import os
from pathlib import Path

import msgspec
import pytest

from edged.config.load import load_config, parse_config, samples
from edged.config.structs import Config, Mqtt
from edged.errors import ConfigError
from tests.parts.refusals import refusal, written


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
