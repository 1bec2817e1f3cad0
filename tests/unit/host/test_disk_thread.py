"""Work on a disk that responds, fails, or hangs."""

import threading
from collections.abc import Iterator

import pytest

from edged.host.disk_thread import DiskThread


class Hanging:
    """Work that blocks until released."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.n_begun = 0

    def __call__(self) -> str:
        """Block."""
        self.n_begun += 1
        self.released.wait(60)
        return "late"


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    """Blocking work, released after the test so that its thread ends."""
    work = Hanging()
    yield work
    work.released.set()
    for thread in threading.enumerate():
        if thread.name == "edged-test":
            thread.join(15)


def test_result_and_thread() -> None:
    """Work runs in a named daemon thread and returns its result."""
    thread = DiskThread("edged-test", 15).run(threading.current_thread)
    assert (thread.name, thread.daemon) == ("edged-test", True)
    assert thread is not threading.current_thread()


def test_exception_is_raised_in_the_calling_thread() -> None:
    """The exception keeps type and message, and the next work still runs."""
    disk = DiskThread("edged-test", 15)

    def refuse() -> None:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(PermissionError, match="Permission denied"):
        disk.run(refuse)
    assert disk.run(lambda: 1) == 1


def test_work_that_hangs_is_left_behind(hanging: Hanging) -> None:
    """The caller continues after the deadline, and no second work starts in parallel."""
    disk = DiskThread("edged-test", 0.01)
    for _ in range(3):
        with pytest.raises(TimeoutError, match="the disk does not answer"):
            disk.run(hanging)
    assert hanging.n_begun == 1


def test_next_work_runs_once_the_disk_answers(hanging: Hanging) -> None:
    """The late result is dropped, not returned for the next work."""
    disk = DiskThread("edged-test", 0.01)
    with pytest.raises(TimeoutError):
        disk.run(hanging)
    (thread,) = [one for one in threading.enumerate() if one.name == "edged-test"]
    hanging.released.set()
    thread.join(15)
    disk = DiskThread("edged-test", 15)
    assert disk.run(lambda: "new") == "new"
