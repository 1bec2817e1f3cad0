"""``edged run`` while muted: the real microphone is closed, across restarts too, and `edged check` leaves it alone."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.parts.broker.commander import Commander
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until  # noqa: F401 -- fixtures
from tests.parts.sound.pulse import VirtualMicrophone, virtual_microphone  # noqa: F401 -- fixtures
from tests.parts.system.priority import give_priority

_CLOSED = "muted by command or config, the microphone is closed"
_STATE = '{"version": 1, "muted": %s, "enter_for": {}, "baseline": null}'
_REPOSITORY = Path(__file__).parents[2]
# The real program, with a line on stderr for each opened device.
_RUN = """
import sys
from edged.audio import driver
from edged.cli.main import main
opened = driver.opened
def spied(device, *arguments):
    print("OPENED", device.name, file=sys.stderr, flush=True)
    return opened(device, *arguments)
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


@contextmanager
def edged(config: Path, microphone: VirtualMicrophone, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The daemon, stopped by SIGTERM with status 0."""
    command = [sys.executable, "-c", _RUN, str(config)]
    environment = {**os.environ, **microphone.environment}
    with log.open("wb") as file:
        daemon = subprocess.Popen(command, cwd=_REPOSITORY, env=environment, stderr=file, stdout=file)
    give_priority(daemon.pid)
    try:
        yield daemon
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(60) == 0, log.read_text()
    finally:
        daemon.kill()
        daemon.wait(60)
    assert "Traceback" not in log.read_text()


def test_mute_by_command_closes_the_microphone_and_is_kept(
    config: Path,
    mosquitto: Mosquitto,  # noqa: F811
    virtual_microphone: VirtualMicrophone,  # noqa: F811
    tmp_path: Path,
) -> None:
    """The stream is closed; after a restart nothing is opened and PortAudio is not loaded until the unmute."""
    with Commander(mosquitto.port) as commander:
        with edged(config, virtual_microphone, tmp_path / "first.log"):
            wait_until(lambda: b"online" in commander.received["capture"], "the first sound")
            virtual_microphone.wait_for_listeners(1)
            assert commander.give("mute", "ON").message == _CLOSED
            virtual_microphone.wait_for_listeners(0)
        assert (tmp_path / "first.log").read_text().count("OPENED") == 1
        wait_until(lambda: commander.received["availability"][-1:] == [b"offline"], "the first one's goodbye")
        commander.received.clear()
        with edged(config, virtual_microphone, tmp_path / "second.log") as second:
            wait_until(lambda: commander.received["health"], "the second start's figures")
            assert commander.newest("info")["listening"] is False
            assert commander.received["capture"] == [b"muted"]
            virtual_microphone.wait_for_listeners(0)
            assert "libportaudio" not in Path(f"/proc/{second.pid}/maps").read_text()
            assert "OPENED" not in (tmp_path / "second.log").read_text()
            assert commander.give("mute", "OFF").message == "listening"
            wait_until(lambda: commander.received["capture"][-1] == b"online", "it listens again")
            virtual_microphone.wait_for_listeners(1)


def test_mute_by_config_closes_the_microphone(
    config: Path,
    mosquitto: Mosquitto,  # noqa: F811
    virtual_microphone: VirtualMicrophone,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Nothing is opened at the start; each SIGHUP applies the file's setting and publishes it."""
    text, log = config.read_text(), tmp_path / "log"
    muted = text.replace("device: pulse", "device: pulse, muted: true")
    config.write_text(muted)
    with Commander(mosquitto.port) as commander, edged(config, virtual_microphone, log) as daemon:
        wait_until(lambda: commander.received["health"], "the first figures")
        assert commander.received["capture"] == [b"muted"]
        assert commander.newest("info")["listening"] is False
        virtual_microphone.wait_for_listeners(0)
        assert "libportaudio" not in Path(f"/proc/{daemon.pid}/maps").read_text()
        assert "OPENED" not in log.read_text()
        config.write_text(text)
        daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: commander.received["capture"][-1] == b"online", "it listens")
        virtual_microphone.wait_for_listeners(1)
        config.write_text(muted)
        daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: commander.received["capture"][-1] == b"muted", "it is muted again")
        virtual_microphone.wait_for_listeners(0)
    assert log.read_text().count("OPENED") == 1
    assert "config read again: audio.muted True -> False" in log.read_text()


def test_check_leaves_a_muted_microphone_closed(
    config: Path,
    virtual_microphone: VirtualMicrophone,  # noqa: F811
    tmp_path: Path,
) -> None:
    """The check line gives the reason; an unreadable file counts as muted; the command overrides the config."""
    state_file = tmp_path / "state" / "commands.json"
    state_file.parent.mkdir()

    def line() -> str:
        done = subprocess.run(
            [sys.executable, "-m", "edged", "check", "--config", config],
            check=False,
            capture_output=True,
            text=True,
            cwd=_REPOSITORY,
            env={**os.environ, **virtual_microphone.environment},
            timeout=60,
        )
        (check_line,) = [line for line in done.stdout.splitlines() if line.startswith("microphone")]
        return check_line

    for content in (_STATE % "true", "damaged"):
        state_file.write_text(content)
        assert line() == f"microphone    OK    not opened: muted by command ({state_file})"
    config.write_text(config.read_text().replace("device: pulse", "device: pulse, muted: true"))
    state_file.write_text(_STATE % "null")
    assert line() == "microphone    OK    not opened: muted by the config (audio.muted)"
    state_file.write_text(_STATE % "false")
    assert "not opened" not in line()


def test_muted_at_the_start_is_ready_and_alive(config: Path, tmp_path: Path) -> None:
    """A muted daemon without a microphone sends READY and a status with the reason, and feeds the watchdog."""
    state_file = tmp_path / "state" / "commands.json"
    state_file.parent.mkdir()
    state_file.write_text(_STATE % "true")
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"{folder}/notify")  # not in tmp_path: such a path is limited to 107 characters
        systemd.settimeout(60)
        daemon = subprocess.Popen(
            [sys.executable, "-m", "edged", "run", "--config", config],
            cwd=_REPOSITORY,
            env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"},
            stderr=subprocess.DEVNULL,
        )
        try:
            notified: list[str] = []
            while notified.count("WATCHDOG=1") < 2:
                notified += systemd.recv(4096).decode().splitlines()
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(60) == 0
        finally:
            daemon.kill()
            daemon.wait(60)
    assert notified.index("READY=1") < notified.index("WATCHDOG=1")
    assert any(line.startswith("STATUS=No sound (muted): muted by command or config, ") for line in notified)
