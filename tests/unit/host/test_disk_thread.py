"""Work on a disk that answers, refuses, or hangs."""

import threading
from collections.abc import Iterator

import pytest

from edged.host.disk_thread import DiskThread


class Hanging:
    """Work that returns when it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.n_begun = 0

    def __call__(self) -> str:
        """Waits."""
        self.n_begun += 1
        self.released.wait(60)
        return "late"


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    """Released at the end, so that its thread ends with the test."""
    work = Hanging()
    yield work
    work.released.set()
    for thread in threading.enumerate():
        if thread.name == "edged-test":
            thread.join(15)


def test_result_and_thread() -> None:
    """The work runs in a daemon thread of this name, and its result comes back."""
    thread = DiskThread("edged-test", 15).run(threading.current_thread)
    assert (thread.name, thread.daemon) == ("edged-test", True)
    assert thread is not threading.current_thread()


def test_exception_is_raised_in_the_calling_thread() -> None:
    """With its type and message; the next work runs all the same."""
    disk = DiskThread("edged-test", 15)

    def refuse() -> None:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(PermissionError, match="Permission denied"):
        disk.run(refuse)
    assert disk.run(lambda: 1) == 1


def test_work_that_hangs_is_left_behind(hanging: Hanging) -> None:
    """The caller goes on after the deadline, and no second work begins beside the first."""
    disk = DiskThread("edged-test", 0.01)
    for _ in range(3):
        with pytest.raises(TimeoutError, match="the disk does not answer"):
            disk.run(hanging)
    assert hanging.n_begun == 1


def test_next_work_runs_once_the_disk_answers(hanging: Hanging) -> None:
    """The late result is dropped; it is not taken for that of the next work."""
    disk = DiskThread("edged-test", 0.01)
    with pytest.raises(TimeoutError):
        disk.run(hanging)
    (thread,) = [one for one in threading.enumerate() if one.name == "edged-test"]
    hanging.released.set()
    thread.join(15)
    disk = DiskThread("edged-test", 15)
    assert disk.run(lambda: "new") == "new"
