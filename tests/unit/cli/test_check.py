"""The lines of ``edged check`` that need neither microphone nor broker."""

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from edged.cli.main import main
from edged.cli.sensor import check
from edged.cli.sensor.check import state_words
from edged.cli.sensor.report import Report
from edged.config.structs import Config, Outbox
from edged.errors import ConfigError, EdgedError, StateError
from edged.host import state_dir
from edged.host.instance_lock import InstanceLock
from edged.host.state_trial import Trial, user
from edged.mqtt.probe import SkippedError
from tests.parts.broker.mosquitto import free_port

NODE = f"checked-{os.getpid()}"  # a lock is of the machine, and tests run in several processes
_OPEN = "open_to_network: anyone on the network may read every report"


def refusing(number: int) -> Callable[[Path], Trial]:
    """A disk that refuses with this error."""

    def tried(_folder: Path) -> Trial:
        raise OSError(number, os.strerror(number))

    return tried


def test_state_names_what_is_in_it(tmp_path: Path) -> None:
    """Folder, user and room; files of ours in words, a damaged one by its name."""
    for name in ("outbox.sqlite3", "outbox.lock", "commands.json", "baseline.json", "baseline.json.damaged"):
        (tmp_path / name).touch()
    head, _, contents = state_words(Config(state_dir=str(tmp_path))).partition("; ")
    assert head.startswith(f"{tmp_path}, writable as {user()}, ")
    assert contents == "contains events, adaptation, commands, baseline.json.damaged"
    (tmp_path / "none").mkdir()
    assert state_words(Config(state_dir=f"{tmp_path}/none")).endswith("; empty")
    assert state_words(Config(state_dir=f"{tmp_path}/later")).endswith("; made by `edged run`")
    assert not (tmp_path / "later").exists()


@pytest.mark.parametrize(
    ("free_bytes", "keep", "expected"),
    [
        (12_340_000_000, "disk", "12.3 GB free; empty"),
        (5_000_000, "disk", "5.0 MB free, less than outbox.megabytes (16) allows; empty"),
        (5_000_000, "memory", "5.0 MB free; empty"),
    ],
)
def test_state_with_little_room(monkeypatch: pytest.MonkeyPatch, free_bytes: int, keep: str, expected: str) -> None:
    """The outbox may need more than there is; the owner is named if it is somebody else."""
    monkeypatch.setattr(check, "tried", lambda _: Trial(exists=True, owner="pi", free_bytes=free_bytes, sizes={}))
    config = Config(state_dir="/data", outbox=Outbox(keep=keep))  # type: ignore[arg-type]
    assert state_words(config) == f"/data, writable as {user()}, owner pi, {expected}"


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EROFS, "replace the card, or mount it writable"),
        (errno.EACCES, f"make it a folder that {user()} can write, or set state_dir"),
    ],
)
def test_state_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, advice: str
) -> None:
    """FAIL with the reason, the consequence and what to do; the status is that of a fault that may pass."""
    monkeypatch.setattr(check, "tried", refusing(number))
    report = Report()
    assert report.part("state", lambda: state_words(Config(state_dir="/data")), str) is None
    assert report.status == StateError.exit_status == 1
    words = f"/data: {os.strerror(number)}; without it events, adaptation and commands are in memory only: {advice}"
    assert " ".join(capsys.readouterr().out.split()) == f"state FAIL {words}"


@pytest.mark.parametrize(
    ("text", "failed", "skipped"),
    [
        ("baseline: {expected: {joy: 0.5}}", "labels", ["adaptation"]),
        ("state_dir: ~nobody-here/edged", "state", ["adaptation", "microphone"]),
    ],
)
def test_fault_is_shown_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, failed: str, skipped: list[str]
) -> None:
    """The first part that meets it says what is wrong, the others where that is said."""
    file = tmp_path / "config.yaml"
    file.write_text(f"{text}\nmqtt: {{host: 127.0.0.1, port: {free_port()}}}\n")
    assert main(["check", "--config", str(file)]) == 78
    lines = capsys.readouterr().out.splitlines()
    assert next(line.split()[0] for line in lines if "FAIL" in line and "broker" not in line) == failed
    assert [line.split() for line in lines if line.endswith(f"see {failed}")] == [
        [part, "SKIP", "see", failed] for part in skipped
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("calls: {weights: {joy: 1}}", "calls FAIL calls.weights has joy, expected labels of the bundle: angry,"),
        ("calls: {weights: {joy: 1}, live: on}", "labels FAIL calls.weights has joy, expected labels of the bundle:"),
        ("calls: {bundle: /nowhere}", "calls FAIL bundle '/nowhere': no such folder, expected small, large, auto or"),
        ("calls: {live: on}", "calls OK large "),
        ("web: {host: 0.0.0.0}", "web FAIL web.host 0.0.0.0: others can reach this address, expected a loopback"),
        (f"web: {{host: 192.0.2.1, {_OPEN}}}", "web FAIL web.host 192.0.2.1, web.port 8095: Cannot assign requested"),
        ("web: {port: TAKEN}", "web SKIP 127.0.0.1 port TAKEN is taken, by `edged web` or another program"),
        ("web: {port: FREE}", "web OK 127.0.0.1 port FREE is free"),
        ("prometheus: {port: TAKEN}", "prometheus FAIL prometheus.port is TAKEN: Address already in use, expected a"),
        ("prometheus: {port: FREE}", "prometheus OK port FREE is free"),
    ],
)
def test_keys_of_calls_web_and_prometheus(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, line: str
) -> None:
    """Whatever `edged calls`, `web` or `run` would refuse at their start fails here."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = {"TAKEN": str(taken.getsockname()[1]), "FREE": str(free_port())}
        for name, port in ports.items():
            text, line = text.replace(name, port), line.replace(name, port)
        out = checked(tmp_path, capsys, text)
    assert [one for one in out if one.startswith(line)], out


def test_metrics_of_a_running_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The port is its own."""
    with InstanceLock(NODE, "edged", 1883):
        out = checked(tmp_path, capsys, f"node: {NODE}\nprometheus: {{port: 9}}", 1883)
    assert [one for one in out if one.startswith("prometheus SKIP edged runs here, pid ")], out


def checked(folder: Path, capsys: pytest.CaptureFixture[str], text: str, port: int = 0) -> list[str]:
    """The lines of `edged check` with the config ``text``, each with single spaces."""
    file = folder / "config.yaml"
    file.write_text(f"{text}\nstate_dir: {folder}/state\nmqtt: {{host: 127.0.0.1, port: {port or free_port()}}}\n")
    main(["check", "--config", str(file)])
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_different_faults_are_all_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """The status is that of the first."""
    report = Report()

    def failing(fault: EdgedError) -> Callable[[], str]:
        def attempt() -> str:
            raise fault

        return attempt

    for name, fault in (("a", StateError("no room")), ("b", ConfigError("no room")), ("c", ConfigError("no key"))):
        assert report.part(name, failing(fault), str) is None
    assert [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()] == [
        ["a", "FAIL", "no room"],
        ["b", "SKIP", "see a"],
        ["c", "FAIL", "no key"],
    ]
    assert report.status == StateError.exit_status


def test_state_of_the_service_is_closed_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who is not the service's cannot tell whether it is usable."""
    monkeypatch.setattr(state_dir, "_SERVICE", tmp_path)
    monkeypatch.setattr(check, "tried", refusing(errno.EACCES))
    with pytest.raises(SkippedError, match=f"^{tmp_path}: Permission denied; try again as root$"):
        state_words(Config())
