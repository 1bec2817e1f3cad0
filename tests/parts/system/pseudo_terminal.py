"""``edged`` on a terminal of a given size and type: a separate process behind a pseudo-terminal.

arguments ──python -m edged──► Terminal: text so far, exit status
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.system.program import REPOSITORY


class Terminal:
    """Controlling end of the terminal, which shows both stdout and stderr."""

    def __init__(self, process: subprocess.Popen[bytes], controller: int) -> None:
        self.process = process
        self._controller = controller
        self._content = b""

    def text(self) -> str:
        """All text so far, with the program's own newlines."""
        while select.select([self._controller], [], [], 0.05)[0]:
            try:
                block = os.read(self._controller, 4096)
            except OSError:  # the program has closed its end
                break
            if not block:
                break
            self._content += block
        return self._content.decode(errors="replace").replace("\r\n", "\n")

    def ended_text(self, within_s: float = 60) -> str:
        """All text, once the program has ended."""
        while self.process.poll() is None and within_s > 0:
            self.text()
            within_s -= 0.05
        return self.text()


@contextmanager
def on_terminal(*arguments: str | Path, columns: int = 80, term: str = "xterm", **more: str) -> Iterator[Terminal]:
    """Run ``edged`` on a terminal with this many columns; ``more`` is added to its environment."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "edged", *arguments],
        cwd=REPOSITORY,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**environment, "TERM": term, "PYTHONPATH": str(REPOSITORY), "LC_ALL": "C.UTF-8", **more},
    )
    os.close(terminal)
    try:
        yield Terminal(process, controller)
    finally:
        process.kill()
        process.wait(60)
        os.close(controller)
