"""Ctrl-C from the first import of ``edged`` to its last moment: an exit status and no traceback."""

import signal
import tomllib
from pathlib import Path

import pytest

from edged.__main__ import main
from tests.parts.system.interrupted import AT_END, interrupted

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize("module", ["edged.cli.main", "edged.cli.parser", "edged.cli.sensor.classify", "numpy"])
def test_while_modules_load(tmp_path: Path, module: str) -> None:
    """The status is that of a command that is interrupted later."""
    done = interrupted(tmp_path, module, "edged", "classify", "x.wav")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_at_the_end(tmp_path: Path) -> None:
    """Python's shutdown, whose tracebacks no command can catch, ends as by the signal."""
    done = interrupted(tmp_path, AT_END, "edged", "--version")
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


@pytest.mark.parametrize("module", ["edged.cli.main", AT_END])
def test_ignored_stays_ignored(tmp_path: Path, module: str) -> None:
    """Under nohup Ctrl-C of another command ends nothing."""
    done = interrupted(tmp_path, module, "edged", "--version", handler="SIG_IGN")
    assert (done.returncode, done.stderr) == (0, "")


def test_installed_command() -> None:
    """The command that pip installs is the same function as ``python -m edged``."""
    scripts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"edged": f"{main.__module__}:{main.__name__}"}
