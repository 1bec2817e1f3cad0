"""sd_notify, on a real datagram socket."""

import os
import socket
from pathlib import Path

import pytest

from edged.host.systemd import notify


def test_notify_sends_states_in_one_datagram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """States are lines of one datagram to the socket from systemd."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(path))
        receiver.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        notify("READY=1", "STATUS=Listening")
        assert receiver.recv(100) == b"READY=1\nSTATUS=Listening"


def test_notify_reaches_an_abstract_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A leading @ means an abstract socket."""
    name = f"edged-{os.getpid()}-{tmp_path.name}"  # workers and other runs have folders of one name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0{name}")
        receiver.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        notify("WATCHDOG=1")
        assert receiver.recv(100) == b"WATCHDOG=1"


def test_notify_without_systemd_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a service nothing is sent."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")


def test_notify_survives_a_dead_socket(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A missing socket ends nothing, and is logged once until it returns."""
    path = tmp_path / "gone"
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    for state in ("READY=1", "WATCHDOG=1", "WATCHDOG=1"):
        notify(state)
    assert [record.message.split(":")[0] for record in caplog.records] == ["notifying systemd of READY=1 failed"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(path))
        notify("WATCHDOG=1")
    path.unlink()
    notify("STOPPING=1")
    assert [record.message.split(":")[0] for record in caplog.records[1:]] == ["notifying systemd of STOPPING=1 failed"]
