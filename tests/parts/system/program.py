"""``edged`` as a user starts it: a process of its own, run to its end, with what it said.

arguments ──python -m edged──► exit status, stdout, stderr
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
LIMIT_S = 180  # what takes longer hangs


def edged(
    *arguments: str | Path, cwd: Path = REPOSITORY, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs it, with ``environment`` beside that of the test."""
    return subprocess.run(
        [sys.executable, "-m", "edged", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=LIMIT_S,
        env={**os.environ, **(environment or {}), "PYTHONPATH": str(REPOSITORY)},
    )


def assert_one_line(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    """The command ended with ``status`` and one line on stderr that has ``words``."""
    assert done.returncode == status, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("edged: ")
    for word in words:
        assert word in lines[0]
