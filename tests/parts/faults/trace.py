"""System calls of a program, as strace records them.

    command ──strace -ff──► one file a thread ──► Call, in the order of time

Calls that can only bring data in (``_INWARD``) and waits for locks are not recorded; ``leaks.py`` checks what the
others may carry out, and where to.
"""

import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

_INWARD = "read,pread64,readv,preadv,preadv2,futex"
_STOP_S = 60.0
_CALL = re.compile(r"([\d.]+) (\w+)\((.*)\) += (\S.*)")
_HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_DESCRIPTOR = re.compile(r"(\d+|AT_FDCWD)<(.*?)(?:<char [\d:]+>)?>(?=[,)(}\]]|$)")  # 1</dev/null<char 1:3>>


@dataclass(frozen=True, slots=True)
class Call:
    """One call, with arguments as strace writes them: strings in hex."""

    utc_s: float
    name: str
    arguments: str
    result: str

    @property
    def failed(self) -> bool:
        """Whether the kernel refused it, so that it had no effect."""
        return self.result.startswith("-1 ") and "EINPROGRESS" not in self.result

    @property
    def unfinished(self) -> bool:
        """Whether the process ended during the call, so that strace has no result of it."""
        return self.result.startswith("?")

    @property
    def descriptor(self) -> tuple[int, str]:
        """Its file descriptor and target as strace shows it: a path, a socket, a pipe."""
        return descriptors(self.arguments)[0]

    @property
    def strings(self) -> list[bytes]:
        """Its string arguments, untruncated."""
        found = []
        for text, cut in _STRING.findall(self.arguments):
            assert not cut, f"{self.name}: a string is longer than strace's limit"
            found.append(_bytes(text))
        return found


def descriptors(text: str) -> list[tuple[int, str]]:
    """Every file descriptor in ``text`` with its target; -1 for the working directory."""
    return [
        (-1 if number == "AT_FDCWD" else int(number), _HEX.sub(lambda hexes: os.fsdecode(_bytes(hexes[0])), place))
        for number, place in _DESCRIPTOR.findall(text)
    ]


class Traced:
    """One program under strace, with stdout and stderr in ``log``; ``with`` ends it."""

    def __init__(self, command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]) -> None:
        self.log = folder / "log"
        self._command, self._folder, self._environment = command, folder, environment

    def __enter__(self) -> Self:
        # With -f alone the calls of all threads share one file and interrupt each other.
        options = f"-ff -ttt -yy -xx -s 10000000 -qq -e signal=none -e trace=!{_INWARD}".split()
        # Core dumps are allowed up to the hard limit, so that the program itself must disable them.
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        limit = "unlimited" if hard == resource.RLIM_INFINITY else hard
        file = self._folder / "calls"
        with self.log.open("wb") as log:
            self._strace = subprocess.Popen(
                ["prlimit", f"--core={limit}:{limit}", "strace", *options, "-o", file, *self._command],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._strace.poll() is None:
            self.send(signal.SIGKILL)
            self._strace.wait(_STOP_S)

    @property
    def ended(self) -> bool:
        """Whether the program has ended."""
        return self._strace.poll() is not None

    @property
    def pid(self) -> int:
        """PID of the program, not of strace."""
        strace = self._strace.pid
        return int(Path(f"/proc/{strace}/task/{strace}/children").read_text().split()[0])

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        os.kill(self.pid, number)

    def exit_status(self, within_s: float = _STOP_S) -> int:
        """Wait for the end and return the exit status."""
        return self._strace.wait(within_s)

    def output(self) -> str:
        """Its stdout and stderr so far."""
        return self.log.read_text(errors="replace")

    def calls(self) -> list[Call]:
        """All calls of all threads and children so far, ordered by time."""
        calls = []
        for file in self._folder.glob("calls.*"):
            for line in file.read_text().splitlines():
                if found := _CALL.fullmatch(line):
                    utc_s, name, arguments, result = found.groups()
                    calls.append(Call(float(utc_s), name, arguments, result))
        return sorted(calls, key=lambda call: call.utc_s)


def _bytes(hexes: str) -> bytes:
    return bytes.fromhex(hexes.replace("\\x", ""))


@pytest.fixture(scope="session")
def strace() -> None:
    """Skip the test if strace is not installed."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace: apt-get install strace")
