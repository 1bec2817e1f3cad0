"""``edged run``, muted by command: the real microphone closed, over a restart too, and left alone by `edged check`."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.commander import Commander
from tests.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until  # noqa: F401 -- fixtures
from tests.pulse import VirtualMicrophone, virtual_microphone  # noqa: F401 -- fixtures

_REPOSITORY = Path(__file__).parent.parent
# The real program, with a line on stderr for each device that is opened.
_RUN = """
import sys
from edged.audio import driver
from edged.cli import main
opened = driver.opened
def spied(device):
    print("OPENED", device.name, file=sys.stderr, flush=True)
    return opened(device)
driver.opened = spied
sys.exit(main(["run", "--config", sys.argv[1]]))
"""


@pytest.fixture
def config(tmp_path: Path, mosquitto: Mosquitto) -> Path:  # noqa: F811
    """The node "lab" with the virtual microphone."""
    file = tmp_path / "config.yaml"
    broker = f"{{host: 127.0.0.1, port: {mosquitto.port}}}"
    file.write_text(f"node: lab\nstate_dir: {tmp_path}/state\naudio: {{device: pulse}}\nmqtt: {broker}\n")
    return file


def test_mute_by_command_closes_the_microphone_and_is_kept(
    config: Path,
    mosquitto: Mosquitto,  # noqa: F811
    virtual_microphone: VirtualMicrophone,  # noqa: F811
    tmp_path: Path,
) -> None:
    """The stream is gone; the next start opens nothing and loads no PortAudio, until it is told to listen."""
    environment = {**os.environ, **virtual_microphone.environment}

    def edged(log: Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", _RUN, str(config)]
        with log.open("wb") as file:
            return subprocess.Popen(command, cwd=_REPOSITORY, env=environment, stderr=file, stdout=file)

    with Commander(mosquitto.port) as commander:
        first = edged(tmp_path / "first.log")
        try:
            wait_until(lambda: b"online" in commander.came["capture"], "the microphone is heard", 60)
            assert virtual_microphone.n_listeners() == 1
            assert commander.give("mute", "ON").message == "muted by command, the microphone is closed"
            assert virtual_microphone.n_listeners() == 0
            first.send_signal(signal.SIGTERM)
            assert first.wait(30) == 0, (tmp_path / "first.log").read_text()
        finally:
            first.kill()
            first.wait(15)
        assert (tmp_path / "first.log").read_text().count("OPENED") == 1
        n_before = len(commander.came["health"])
        second = edged(tmp_path / "second.log")
        try:
            wait_until(lambda: len(commander.came["health"]) > n_before, "the second start's figures", 60)
            assert commander.newest("info")["listening"] is False
            assert commander.came["capture"][-1] == b"muted"
            assert virtual_microphone.n_listeners() == 0
            assert "libportaudio" not in Path(f"/proc/{second.pid}/maps").read_text()
            assert "OPENED" not in (tmp_path / "second.log").read_text()
            assert commander.give("mute", "OFF").message == "listening"
            wait_until(lambda: commander.came["capture"][-1] == b"online", "it listens again")
            assert virtual_microphone.n_listeners() == 1
            second.send_signal(signal.SIGTERM)
            assert second.wait(30) == 0, (tmp_path / "second.log").read_text()
        finally:
            second.kill()
            second.wait(15)
        assert "Traceback" not in (tmp_path / "second.log").read_text()


def test_check_leaves_a_muted_microphone_closed(
    config: Path,
    virtual_microphone: VirtualMicrophone,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Its line says that it was not tried, and why; what cannot be read counts as muted."""
    kept = tmp_path / "state" / "commands.json"
    kept.parent.mkdir()
    for content in ('{"version": 1, "muted": true, "enter_for": {}, "baseline": null}', "damaged"):
        kept.write_text(content)
        done = subprocess.run(
            [sys.executable, "-m", "edged", "check", "--config", config],
            check=False,
            capture_output=True,
            text=True,
            cwd=_REPOSITORY,
            env={**os.environ, **virtual_microphone.environment},
            timeout=60,
        )
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("microphone")]
        assert line == f"microphone    OK     muted by command ({kept}), so it is not opened"


def test_muted_at_the_start_is_ready_and_alive(config: Path, tmp_path: Path) -> None:
    """Under systemd's eyes, and without a microphone: READY, a status that says why, and the watchdog is fed."""
    kept = tmp_path / "state" / "commands.json"
    kept.parent.mkdir()
    kept.write_text('{"version": 1, "muted": true, "enter_for": {}, "baseline": null}')
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"{folder}/notify")  # not in tmp_path: such a path may have 107 characters at most
        systemd.settimeout(60)
        daemon = subprocess.Popen(
            [sys.executable, "-m", "edged", "run", "--config", config],
            cwd=_REPOSITORY,
            env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"},
            stderr=subprocess.DEVNULL,
        )
        try:
            told: list[str] = []
            while told.count("WATCHDOG=1") < 2:
                told += systemd.recv(4096).decode().splitlines()
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(30) == 0
        finally:
            daemon.kill()
            daemon.wait(15)
    assert told.index("READY=1") < told.index("WATCHDOG=1")
    assert any(line.startswith("STATUS=No sound (muted): muted by command, ") for line in told)
