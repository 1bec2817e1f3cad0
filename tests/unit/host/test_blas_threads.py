"""Number of BLAS threads, counted in new processes, since numpy loads once per process."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from edged.cli.parser import ENTRIES, Entry

REPOSITORY = Path(__file__).parents[3]
N_CORES = len(os.sched_getaffinity(0))
VARIABLES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_DEFAULT_NUM_THREADS")
COUNT = "; import os, numpy; print(len(os.listdir('/proc/self/task')), os.environ.get('OPENBLAS_NUM_THREADS'))"


def counted(imports: str, **environment: str) -> str:
    """Thread count after importing ``imports`` and numpy, and the variable's value."""
    clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", imports + COUNT],
        cwd=REPOSITORY,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("command", ENTRIES, ids=lambda entry: entry.name)
def test_commands_start_no_blas_thread(command: Entry) -> None:
    """The main thread is the only one."""
    assert counted(f"import edged.cli.{command.module}") == "1 1"


def test_command_of_the_package_is_in_the_bounded_package() -> None:
    """The installed ``edged`` starts as ``python -m edged`` does, which loads the package that sets the limit first."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"]["edged"] == "edged.__main__:main"
    assert "from edged.cli." in (REPOSITORY / "edged" / "__main__.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("variable", VARIABLES)
def test_number_set_by_the_user_is_kept(variable: str) -> None:
    """A user who asks for two threads gets two, given two cores."""
    expected = "2" if variable == "OPENBLAS_NUM_THREADS" else "None"
    assert counted("import edged.cli.main", **{variable: "2"}) == f"{min(2, N_CORES)} {expected}"


def test_empty_variable_is_no_number() -> None:
    """An empty variable counts as unset, as in OpenBLAS."""
    assert counted("import edged.cli.main", OPENBLAS_NUM_THREADS="") == "1 1"


def test_training_is_not_limited() -> None:
    """Modules shared with training leave numpy one thread per core."""
    assert counted("import convert, edged.features.logmel, edged.models.cascade") == f"{N_CORES} None"


def test_numpy_imported_before_stays_as_it_is() -> None:
    """If a host program has loaded numpy, nothing changes, least of all its environment."""
    assert counted("import numpy, edged.cli.main") == f"{N_CORES} None"
