"""Many recordings to reports, in parallel, without analysing any twice.

    files, folders ──recordings──► Job(file, folder of its report) ──worker processes──► Done(row, or the fault)

Jobs run in worker processes, since an interpreter serves one thread.  A bad recording gets one line; reports from
before an interruption are recognised by their ``report.json`` and kept.
"""

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edged.audio.formats.names import ENDINGS
from edged.calls.analysis import analyse
from edged.calls.files import stored_report, write_report
from edged.calls.settings import CallSettings, digest
from edged.calls.voices.turns import Turns
from edged.contract.call_report import Report, SummaryRow, summary_row
from edged.errors import RecordingError, UsageError
from edged.host.process.interrupts import children_ended, end_with_parent, interrupts_held

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_POLL_S = 0.2  # between two looks at the progress of the workers

_progress: "Synchronized[float] | None" = None  # in a worker: calls done by all of them, with fractions


@dataclass(frozen=True, slots=True)
class Job:
    """One recording and where its report goes."""

    file: Path
    folder: Path | None  # None: nowhere, the report itself is wanted
    name: str  # of the report, relative to the summary
    is_returned: bool = False  # the report itself is wanted beside the files


@dataclass(frozen=True, slots=True)
class Done:
    """The result of one job."""

    job: Job
    row: SummaryRow | None
    fault: str | None  # why there is no row
    report: Report | None = None  # where it has no folder, or is wanted
    resumed: bool = False  # its report already existed


def jobs(paths: Sequence[Path], out: Path | None, *, returned: bool = False) -> list[Job]:
    """A job for each of ``paths``, and for each recording in folders, however deep; reports go below ``out``.

    With ``returned`` they are also handed back.

    Raises:
        UsageError: a folder has no recordings, or two recordings would share one report.
    """
    found: list[tuple[Path, Path]] = []  # the file, and its name below ``out``
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112 -- Path.is_dir raises what its reader will report
            found.append((path, Path(path.name)))
            continue
        inside = sorted(file for file in path.rglob("*") if _is_recording(file))
        if not inside:
            raise UsageError(f"{path}: no recordings, expected files ending in {', '.join(ENDINGS)}")
        found += [(file, file.relative_to(path)) for file in inside]
    stems = Counter(name.with_suffix("") for _, name in found)
    names = [name if stems[name.with_suffix("")] > 1 else name.with_suffix("") for _, name in found]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UsageError(f"{twice[0]}: two recordings of this name, expected them in one folder or in two runs")
    return [
        Job(file, None if out is None else out / name, str(name), returned)
        for (file, _), name in zip(found, names, strict=True)
    ]


def run(
    todo: Sequence[Job],
    settings: CallSettings,
    turns: Turns | None,
    *,
    n_processes: int,
    progress: Callable[[float, float], None],
) -> Iterator[Done]:
    """Each job when it is done, in any order; ``progress`` gets the calls done, with fractions, and all of them.

    Raises:
        UsageError: a recording has two channels, and nobody said which is the customer's.
        OutputError: a report cannot be written.
    """
    n = len(todo)
    if n_processes == 1 or n == 1:
        for index, job in enumerate(todo):
            yield done(job, settings, turns, partial(_report_progress, progress, index, n))
            progress(index + 1, n)
        return
    # Not fork: the parent may have threads, and a lock that one of them holds would stay held in the child.
    context = multiprocessing.get_context("spawn")
    shared = context.Value("d", 0.0)
    with ProcessPoolExecutor(min(n_processes, n), context, _begin, (shared, settings, turns)) as pool:
        try:
            with children_ended():  # reports are written whole or not at all
                with interrupts_held():
                    waiting: set[Future[Done]] = {pool.submit(_work, job) for job in todo}
                while waiting:
                    with interrupts_held():
                        ready, waiting = wait(waiting, _POLL_S, FIRST_COMPLETED)
                    progress(shared.value, n)
                    for future in ready:
                        yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _report_progress(progress: Callable[[float, float], None], n_done: int, n: int, share: float) -> None:
    """Reports the progress of all ``n`` jobs, from the share of the one after ``n_done``."""
    progress(n_done + share, n)


def done(job: Job, settings: CallSettings, turns: Turns | None, progress: Callable[[float], None]) -> Done:
    """Runs one job; ``progress`` gets the share that is done.

    Raises:
        UsageError, OutputError: as above.
    """

    def show(done_s: float, total_s: float | None) -> None:
        if total_s:
            progress(min(1.0, done_s / total_s))

    try:
        own = settings if turns is None else replace(settings, turns=turns.of(job.file))
        before = None if job.folder is None else stored_report(job.folder)
        if before is not None and before.made_of == digest(job.file, own):
            return Done(job, summary_row(before, job.name), None, before if job.is_returned else None, resumed=True)
        report = analyse(job.file, own, show)
    except RecordingError as exc:
        return Done(job, None, str(exc))
    if job.folder is not None:
        write_report(report, job.folder, recording=report.call.file)
    return Done(job, summary_row(report, job.name), None, report if job.is_returned or job.folder is None else None)


def default_processes() -> int:
    """The number of cores that this process may use."""
    return max(1, len(os.sched_getaffinity(0)))


_worker: tuple[CallSettings, Turns | None] | None = None


def _begin(shared: "Synchronized[float]", settings: CallSettings, turns: Turns | None) -> None:
    global _progress, _worker
    end_with_parent()
    _progress, _worker = shared, (settings, turns)


def _work(job: Job) -> Done:
    assert _worker is not None  # noqa: S101 -- _begin ran
    settings, turns = _worker
    before = 0.0

    def show(share: float) -> None:
        nonlocal before
        _advance(share - before)
        before = share

    result = done(job, settings, turns, show)
    _advance(1.0 - before)
    return result


def _advance(share: float) -> None:
    if _progress is not None:
        with _progress.get_lock():
            _progress.value += share


def _is_recording(file: Path) -> bool:
    return file.suffix.lower() in ENDINGS and not file.name.startswith(".") and os.path.isfile(file)  # noqa: PTH113 -- as above
