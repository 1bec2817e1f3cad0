"""Microphone without hardware: PortAudio records the monitor of a pulseaudio null sink into which clips are played.

    clip ──paplay──► null sink "vmic" ──monitor──► ALSA's pulse plugin ──► PortAudio: the microphones "pulse", "default"

PortAudio reads the environment when it loads, so tests record in a child process with ``environment``.  All files are
in a separate folder: a pulseaudio of the user is neither used nor disturbed.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.parts.broker.mosquitto import wait_until
from tests.parts.system.priority import give_priority

_REPOSITORY = Path(__file__).parents[3]
_START_S = _STOP_S = 60.0
_CHILD_S = 240.0  # a child that takes longer is killed
_SINK = "vmic"
_ASOUNDRC = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"


class VirtualMicrophone:
    """One pulseaudio with one null sink; ``with`` starts it and stops it with all players."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._players: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        # Not pytest's tmp_path: the path of a unix socket is limited to 107 characters.
        self._folder = Path(tempfile.mkdtemp(prefix="edged-pulse-"))
        (self._folder / ".asoundrc").write_text(_ASOUNDRC)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PULSE_", "XDG_", "ALSA_"))},
            "HOME": str(self._folder),
            "XDG_RUNTIME_DIR": str(self._folder),
            # With an explicit server, libpulse does not start its own when this one is gone.
            "PULSE_SERVER": f"unix:{self._folder}/pulse/native",
            "PYTHONPATH": str(_REPOSITORY),
        }
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def log(self) -> Path:
        """Log file of pulseaudio."""
        return self._folder / "pulseaudio.log"

    def start(self) -> None:
        """Plug the microphone in, also after ``kill``."""
        command = [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes",
            "--high-priority=no", "--realtime=no", "--load=module-native-protocol-unix",
            # norewinds: without it the sink delivers two seconds at once in the beginning.
            f"--load=module-null-sink sink_name={_SINK} rate=48000 channels=2 norewinds=1",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        give_priority(self._server.pid)
        deadline_s = time.monotonic() + _START_S
        while not self._responds():
            if self._server.poll() is not None or time.monotonic() > deadline_s:
                raise RuntimeError(f"pulseaudio does not answer; it says: {self.log.read_text()[-2000:]}")

    def play(self, path: Path) -> subprocess.Popen[bytes]:
        """Start to play a sound file (wav, flac, ogg) in real time; ``wait()`` returns at its end."""
        player = subprocess.Popen(
            ["paplay", "-d", _SINK, str(path)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        give_priority(player.pid)
        self._players.append(player)
        return player

    def wait_for_listeners(self, count: int) -> None:
        """Wait until so many streams record it; the sound server learns of an end a moment after a client made it."""
        wait_until(lambda: self._n_listeners() == count, f"{count} listeners")

    def _n_listeners(self) -> int:
        listed = subprocess.run(
            ["pactl", "list", "short", "source-outputs"],
            env=self.environment,
            capture_output=True,
            check=True,
            timeout=_START_S,
        )
        return len(listed.stdout.splitlines())

    def kill(self) -> None:
        """Unplug the microphone."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(_STOP_S)
            self._server = None

    def freeze(self) -> None:
        """Hang the driver: no samples arrive, and calls into it do not return."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Unhang the driver."""
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Stop what this object started, and nothing else."""
        for player in self._players:
            player.kill()
            player.wait(_STOP_S)
        self._players.clear()
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def child(self, script: str, *arguments: str) -> "Child":
        """Start ``script`` (Python) in a process that records from this microphone."""
        return Child(script, arguments, self.environment)

    def _responds(self) -> bool:
        query = subprocess.run(
            ["pactl", "info"],
            env=self.environment,
            capture_output=True,
            check=False,
            timeout=_START_S,
        )
        return query.returncode == 0


class Child:
    """A Python process with line-by-line stdout; ``with`` ends it."""

    def __init__(self, script: str, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 -- closed in __exit__; an unread pipe would fill up
        self._running = subprocess.Popen(
            [sys.executable, "-u", "-c", script, *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        give_priority(self._running.pid)
        self._limit = threading.Timer(_CHILD_S, self._running.kill)
        self._limit.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._limit.cancel()
        self._running.kill()
        self._running.wait(_STOP_S)
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.close()
        self._running.stdout.close()
        self._errors.close()

    def line(self) -> str:
        """The next line of stdout without its newline; fails with stderr if the process has ended."""
        assert self._running.stdout is not None
        line = self._running.stdout.readline()
        if not line:
            pytest.fail(f"the child process ended without another line; stderr:\n{self.stderr()}")
        return line.rstrip("\n")

    def go_on(self) -> None:
        """Send a line to its stdin."""
        assert self._running.stdin is not None
        self._running.stdin.write("\n")
        self._running.stdin.flush()

    def exit_status(self) -> int:
        """Wait for its end and return the exit status."""
        return self._running.wait(_CHILD_S)

    def stderr(self) -> str:
        """Its stderr so far."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")


def expect_pulseaudio() -> None:
    """Skip the test if pulseaudio is not installed."""
    missing = [program for program in ("pulseaudio", "pactl", "paplay") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: apt-get install pulseaudio libasound2-plugins libportaudio2")


@pytest.fixture
def virtual_microphone() -> Iterator[VirtualMicrophone]:
    """A separate microphone for each test."""
    expect_pulseaudio()
    with VirtualMicrophone() as microphone:
        yield microphone
