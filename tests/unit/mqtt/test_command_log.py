"""What the log says of commands: one line each, with the topic, and never a malformed payload."""

import logging

import pytest

from tests.unit.mqtt.test_commands import BELOW, Bench


@pytest.mark.parametrize(("name", "n_lines"), [("snapshot", 1), ("mute", 1), ("reload", 0), ("identify", 0)])
def test_obeyed_command_is_logged_once(name: str, n_lines: int, caplog: pytest.LogCaptureFixture) -> None:
    """``Reload`` logs each reload, and ``Control`` the identity: a line here would say the same again."""
    caplog.set_level(logging.INFO)
    bench = Bench()
    bench.send(name, b"ON" if name == "mute" else b"")
    bench.obey()
    assert caplog.messages == [f"command {name}: done"] * n_lines


@pytest.mark.parametrize(
    ("name", "payload", "line"),
    [
        ("mute", b'{"muted": 5}', "mute: command refused: the payload of 12 bytes is malformed, expected ON, OFF or {"),
        ("mute", b"", 'mute: command refused: the payload is empty, expected ON, OFF or {"muted": true}'),
        ("mute", b" " * 5000, "mute: command refused: the payload has more than 1000 bytes, expected ON, OFF or {"),
        ("reboot", b"now", "reboot: command refused: the command is 'reboot', expected mute, threshold, "),
        ("restart", b"", "restart: command refused: the daemon started less than 60 s ago, try again in 60 s"),
    ],
)
def test_refused_command_is_one_log_line(
    name: str, payload: bytes, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It says from what topic and why."""
    bench = Bench()
    bench.send(name, payload)
    bench.obey()
    (logged,) = caplog.records
    assert logged.levelno == logging.WARNING
    assert logged.getMessage().startswith(BELOW + line)


def test_refusal_of_what_is_well_formed_is_a_warning_too(caplog: pytest.LogCaptureFixture) -> None:
    """A label that the bundle lacks, or a calibration without sound; a faulty config has a line of its own already."""
    bench = Bench()
    bench.control.fault = "the label is 'joy', expected angry"
    bench.send("threshold", b'{"label": "joy"}')
    bench.send("reload")
    bench.obey()
    assert caplog.messages == [f"{BELOW}threshold: command refused: the label is 'joy', expected angry"]
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.parametrize("name", ["mute", "swordfish\nopen\u202e" + "x" * 60_000])
def test_log_has_nothing_of_a_malformed_payload(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody may have sent a password to the wrong topic; a name of any content is cut, on one line."""
    bench = Bench()
    bench.send(name, b'{"password": "open sesame"}')
    bench.send(name, b"open sesame", retained=True)
    bench.obey()
    refused, retained = caplog.messages
    assert "sesame" not in caplog.text
    assert "password" not in caplog.text
    assert retained.startswith(BELOW + name[:9])
    assert max(len(refused), len(retained)) < 300
    assert refused.isprintable()
    assert retained.isprintable()


def test_log_lines_about_refusals_are_few(caplog: pytest.LogCaptureFixture) -> None:
    """One refusal a second for an hour: five lines at once, then one a minute, and one that counts the others."""
    bench = Bench()
    for _ in range(3600):
        bench.send("nonsense")
        bench.obey()
        bench.now_s += 1
    lines = [line for line in caplog.messages if "command refused" in line]
    counts = [int(line.split()[2]) for line in caplog.messages if line.startswith("commands refused: ")]
    assert 60 <= len(lines) <= 65
    assert 55 <= len(counts) <= 60
    assert 3600 - 120 <= len(lines) + sum(counts) <= 3600
