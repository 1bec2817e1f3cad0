"""Jobs over processes: results are kept, a dead worker costs one job, errors reach the user."""

import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from convert.score import isolated
from convert.tasks.job import Job
from convert.tasks.processes import N_TRIES, BarLock, Processes
from convert.tasks.running import finished, run_all
from edged.errors import RecordingError, UsageError
from tests.convert.tasks import jobs


def squares(folder: Path, count: int) -> list[Job]:
    """``count`` jobs."""
    return [Job(f"square{number}", jobs.square, (number, str(folder))) for number in range(count)]


@pytest.mark.parametrize("count", [1, 2])
def test_results_are_by_name(tmp_path: Path, count: int) -> None:
    """In the order of the jobs, whatever the number of processes."""
    results = run_all(squares(tmp_path, 4), tmp_path, Processes(count), "test")
    assert results == {f"square{number}": {"square": number**2} for number in range(4)}
    assert list(results) == [f"square{number}" for number in range(4)]


def test_finished_jobs_do_not_run_again(tmp_path: Path) -> None:
    """What is there is read."""
    run_all(squares(tmp_path, 2), tmp_path, Processes(1), "test")
    run_all(squares(tmp_path, 3), tmp_path, Processes(1), "test")
    assert [jobs.runs(tmp_path, f"square{number}") for number in range(3)] == [1, 1, 1]


def test_dead_process_loses_no_result(tmp_path: Path) -> None:
    """The job whose process was killed runs again; all results come."""
    some = [*squares(tmp_path, 3), Job("dies", jobs.dies_once, (7, str(tmp_path)))]
    results = run_all(some, tmp_path, Processes(2), "test")
    assert results["dies"] == {"square": 49}
    assert len(results) == 4
    assert jobs.runs(tmp_path, "dies7") >= 2


def test_bars_of_two_processes_take_turns(tmp_path: Path) -> None:
    """While one writes its bar the other waits, for a moment at most: two at once would leave a stray line."""
    some = [Job("holds", jobs.holds_bars, (str(tmp_path),)), Job("tries", jobs.tries_bars, (str(tmp_path),))]
    assert run_all(some, tmp_path, Processes(2), "test")["tries"] == {"free": False}


def test_bar_of_a_dead_process_is_not_waited_for() -> None:
    """A process that was killed while it wrote its bar leaves the lock taken; the others go on without it."""
    lock = BarLock()
    dying = multiprocessing.get_context("spawn").Process(target=jobs.dies_with, args=(lock,))
    dying.start()
    dying.join()
    with lock:
        assert not lock.acquire()


def test_process_that_always_dies_is_refused(tmp_path: Path) -> None:
    """After several times in a row, in words; what was done stays."""
    some = [Job("kills", jobs.dies, (str(tmp_path),)), Job("kills-too", jobs.dies, (str(tmp_path),))]
    with pytest.raises(UsageError, match=f"kills: a process died {N_TRIES} times in a row"):
        run_all(some, tmp_path, Processes(2), "test")


@pytest.mark.parametrize("count", [1, 2])
def test_errors_of_a_job_are_raised(tmp_path: Path, count: int) -> None:
    """As they are, with what was done before kept."""
    first, second = squares(tmp_path, 2)
    run_all([first], tmp_path, Processes(count), "test")
    with pytest.raises(RecordingError, match=r"a\.wav: no samples"):
        run_all([first, Job("bad", jobs.fails, ("a.wav: no samples",)), second], tmp_path, Processes(count), "test")
    assert first.name in finished([first, second], tmp_path)


def test_interrupt_ends_all_processes(tmp_path: Path) -> None:
    """Ctrl-C, which a terminal sends to every process, ends the workers at their jobs, and is raised here.

    Other processes of this one, as an interpreter without TensorFlow, stay.
    """
    assert isolated.apart(abs, -1) == 1
    others = set(multiprocessing.active_children())
    hold = tmp_path / "hold"
    hold.touch()

    def ctrl_c() -> None:
        jobs.wait_for(lambda: all(jobs.runs(tmp_path, f"held{number}") for number in range(2)))
        for file in tmp_path.glob("held*.ran"):
            os.kill(int(file.read_text().split()[0]), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    some = [Job(f"held{number}", jobs.held, (number, str(tmp_path))) for number in range(4)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background of a script
    thread = threading.Thread(target=ctrl_c)
    try:
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            list(Processes(2).results(some))
    finally:
        thread.join()
        signal.signal(signal.SIGINT, before)
    assert hold.exists()  # no job ended by itself
    jobs.wait_for(lambda: others.issuperset(multiprocessing.active_children()))  # one may have been ending
    assert isolated.apart(abs, -2) == 2
