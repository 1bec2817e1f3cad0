"""``edged`` as a user runs it: a separate process, run to its end.

arguments ──python -m edged──► exit status, stdout, stderr
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
LIMIT_S = 180  # a command that takes longer is considered hung


def edged(
    *arguments: str | Path, cwd: Path = REPOSITORY, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``edged``, with ``environment`` added to the test's own."""
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
    """The command exited with ``status`` and one line on stderr that contains ``words``."""
    assert done.returncode == status, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("edged: ")
    for word in words:
        assert word in lines[0]
