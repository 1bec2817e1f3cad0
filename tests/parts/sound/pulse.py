"""A microphone without hardware: pulseaudio's null sink, which PortAudio records while clips are played into it.

    clip ──paplay──► null sink "vmic" ──monitor──► ALSA's pulse plugin ──► PortAudio: the microphones "pulse", "default"

PortAudio reads the environment when it is loaded, so what is to hear this microphone is a child process that is given
``environment``.  Everything lies in a folder of its own: a pulseaudio of the user's is neither used nor disturbed.
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

_REPOSITORY = Path(__file__).parents[3]
_START_S = 15.0
_STOP_S = 5.0
_CHILD_S = 60.0  # a child that takes longer hangs, and is killed
_SINK = "vmic"
_ASOUNDRC = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"


class VirtualMicrophone:
    """One pulseaudio with one null sink; ``with`` starts it, and ends it with everything that plays."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._players: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        # Not pytest's tmp_path: a unix socket's path may have 107 characters at most.
        self._folder = Path(tempfile.mkdtemp(prefix="edged-pulse-"))
        (self._folder / ".asoundrc").write_text(_ASOUNDRC)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PULSE_", "XDG_", "ALSA_"))},
            "HOME": str(self._folder),
            "XDG_RUNTIME_DIR": str(self._folder),
            # Named outright, libpulse starts no server of its own when this one is gone.
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
        """What pulseaudio says."""
        return self._folder / "pulseaudio.log"

    def start(self) -> None:
        """Plugs the microphone in, at first or again after ``kill``."""
        command = [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes",
            "--high-priority=no", "--realtime=no", "--load=module-native-protocol-unix",
            # norewinds: without it the sink hands over two seconds at a time to begin with.
            f"--load=module-null-sink sink_name={_SINK} rate=48000 channels=2 norewinds=1",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        deadline_s = time.monotonic() + _START_S
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline_s:
                raise RuntimeError(f"pulseaudio does not answer; it says: {self.log.read_text()[-2000:]}")

    def play(self, path: Path) -> subprocess.Popen[bytes]:
        """Begins to play a sound file (wav, flac, ogg) into the microphone, in real time; ``wait()`` is its end."""
        player = subprocess.Popen(
            ["paplay", "-d", _SINK, str(path)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._players.append(player)
        return player

    def n_listeners(self) -> int:
        """How many streams record it now, as the sound server lists them."""
        listed = subprocess.run(
            ["pactl", "list", "short", "source-outputs"],
            env=self.environment,
            capture_output=True,
            check=True,
            timeout=_START_S,
        )
        return len(listed.stdout.splitlines())

    def kill(self) -> None:
        """Unplugs the microphone."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(_STOP_S)
            self._server = None

    def freeze(self) -> None:
        """Lets the driver hang: no sample comes, and calls into it do not return."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets the driver go on."""
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ends what this object started, and nothing else."""
        for player in self._players:
            player.kill()
            player.wait(_STOP_S)
        self._players.clear()
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def child(self, script: str, *arguments: str) -> "Child":
        """Begins ``script`` (Python) in a process that hears this microphone."""
        return Child(script, arguments, self.environment)

    def _answers(self) -> bool:
        asked = subprocess.run(
            ["pactl", "info"],
            env=self.environment,
            capture_output=True,
            check=False,
            timeout=_START_S,
        )
        return asked.returncode == 0


class Child:
    """A Python process whose stdout lines are told one by one; ``with`` ends it."""

    def __init__(self, script: str, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 -- closed in __exit__; a pipe that nobody reads fills up
        self._running = subprocess.Popen(
            [sys.executable, "-u", "-c", script, *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
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
        """The next line of its stdout, without the newline; its stderr is shown if it has ended."""
        assert self._running.stdout is not None
        line = self._running.stdout.readline()
        if not line:
            pytest.fail(f"the child process ended without another line; stderr:\n{self.stderr()}")
        return line.rstrip("\n")

    def go_on(self) -> None:
        """Gives it a line on its stdin."""
        assert self._running.stdin is not None
        self._running.stdin.write("\n")
        self._running.stdin.flush()

    def exit_status(self, timeout_s: float) -> int:
        """Its exit status, once it has ended."""
        return self._running.wait(timeout_s)

    def stderr(self) -> str:
        """What it has written to stderr so far."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")


def expect_pulseaudio() -> None:
    """Skips the test where pulseaudio is not installed."""
    missing = [program for program in ("pulseaudio", "pactl", "paplay") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: apt-get install pulseaudio libasound2-plugins libportaudio2")


@pytest.fixture
def virtual_microphone() -> Iterator[VirtualMicrophone]:
    """A microphone of its own for each test."""
    expect_pulseaudio()
    with VirtualMicrophone() as microphone:
        yield microphone
