"""Files that jobs make: by a process of this machine, or elsewhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from convert.tasks import files
from convert.tasks.job import Job, Result
from convert.tasks.processes import Processes


def here(file: Path) -> Result:
    """Makes ``file``."""
    file.write_bytes(b"\0weights")
    return files.packed(file)


def elsewhere(file: Path) -> Result:
    """Makes a file of another folder, as another machine does."""
    return here(file.with_suffix(".elsewhere"))


@pytest.mark.parametrize("function", [here, elsewhere])
@pytest.mark.parametrize("count", [1, 2])
def test_files_are_made_once(tmp_path: Path, count: int, function: Callable[[Path], Result]) -> None:
    """Wherever the worker has its folder; what is there stays."""
    there, first, second = wanted = [tmp_path / name for name in ("there", "first", "second")]
    there.write_bytes(b"old")
    files.make({file: Job(file.name, function, (file,)) for file in wanted}, Processes(count))
    assert [file.read_bytes() for file in (there, first, second)] == [b"old", b"\0weights", b"\0weights"]
