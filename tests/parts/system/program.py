"""``edged`` as a user runs it: a separate process, run to its end or in the background.

arguments ──python -m edged──► exit status, stdout, stderr
config ──python -m edged run──► a running daemon, log
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.parts.system.priority import give_priority

REPOSITORY = Path(__file__).parents[3]
LIMIT_S = 180  # a command that takes longer is considered hung


def edged(
    *arguments: str | Path,
    cwd: Path = REPOSITORY,
    environment: Mapping[str, str] | None = None,
    stdin: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``edged``, with ``environment`` added to the test's own, and ``stdin``, a descriptor."""
    return subprocess.run(
        [sys.executable, "-m", "edged", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        stdin=stdin,
        timeout=LIMIT_S,
        env={**os.environ, **(environment or {}), "PYTHONPATH": str(REPOSITORY)},
    )


@contextmanager
def running_daemon(
    config: Path, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """``edged run`` with all output in ``log``, killed at the end; ``environment`` replaces the test's own."""
    with log.open("wb") as file:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "edged", "run", "--config", config],
            cwd=REPOSITORY,
            env=environment,
            stderr=file,
            stdout=file,
        )
    give_priority(daemon.pid)
    try:
        yield daemon
    finally:
        daemon.kill()
        daemon.wait(60)


def assert_one_line(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    """The command exited with ``status`` and one line on stderr that contains ``words``."""
    assert done.returncode == status, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("edged: ")
    for word in words:
        assert word in lines[0]
