"""A call beside this process: its result, its error, its death, and its end."""

import multiprocessing
import os
from pathlib import Path

import pytest

from convert.tasks.beside import beside
from edged.errors import RecordingError, UsageError
from tests.convert.tasks import jobs


def test_result_comes_when_it_is_asked_for(tmp_path: Path) -> None:
    """From another process, as often as it is asked for."""
    with beside(jobs.square, 3, str(tmp_path)) as squared:
        assert squared() == squared() == {"square": 9}
    assert int((tmp_path / "square3.ran").read_text()) != os.getpid()


def test_error_is_raised_where_the_result_is_asked_for() -> None:
    """What a user may have to see arrives as it was raised."""
    with beside(jobs.fails, "a.wav: no samples") as failed, pytest.raises(RecordingError, match=r"a\.wav: no samples"):
        failed()


def test_dead_process_is_told_in_words(tmp_path: Path) -> None:
    """As after a lack of memory."""
    with beside(jobs.dies, str(tmp_path)) as died, pytest.raises(UsageError, match="dies: its process died, expected"):
        died()


@pytest.mark.parametrize("error", [KeyboardInterrupt, UsageError("no such corpus")])
def test_process_ends_with_the_block(tmp_path: Path, error: BaseException) -> None:
    """Nobody waits for the call after an error elsewhere."""
    (tmp_path / "hold").touch()
    others = set(multiprocessing.active_children())

    def failed() -> None:
        with beside(jobs.held, 1, str(tmp_path)):
            jobs.wait_for(lambda: jobs.runs(tmp_path, "held1") == 1)
            raise error

    with pytest.raises((KeyboardInterrupt, UsageError)):
        failed()
    assert others.issuperset(multiprocessing.active_children())
