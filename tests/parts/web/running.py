"""`edged web` as a process on a free port, with a state folder of its own.

config ──python -m edged web──► address of its first page, until SIGTERM
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.system.program import REPOSITORY


class RunningWeb:
    """The process, its address and its folder."""

    def __init__(self, process: "subprocess.Popen[str]", address: str, folder: Path) -> None:
        self.process, self.address, self.folder = process, address, folder

    def files(self) -> list[str]:
        """Names of all files in its folder, except the lock; a folder may be removed meanwhile."""
        return sorted(name for _, _, names in os.walk(self.folder) for name in names if name != "lock")


@contextmanager
def running_web(folder: Path, *options: str, config: str = "") -> Iterator[RunningWeb]:
    """A program that serves; killed at the end if it still runs."""
    file = folder / "config.yaml"
    file.write_text(f"state_dir: {folder}\n{config}", encoding="utf-8")
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "edged", "web", "--config", file, "--port", "0", *options],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://"), (folder / "log").read_text(encoding="utf-8")
        yield RunningWeb(process, address, folder / "web")
    finally:
        process.kill()
        process.communicate()
