"""Jobs to results that outlive an interruption.

    jobs ──those without a result──► workers ──► <folder>/<name>.json ──► results by name

The process that was started writes the results, each as soon as it is there: a worker that dies costs one job, which is
tried again, and an interrupted run resumes where it stopped.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from convert.data.atomic_file import atomic
from convert.tasks.job import Job, Result, Workers


def finished(jobs: Sequence[Job], folder: Path) -> dict[str, Result]:
    """The results that are in ``folder`` already."""
    files = {job.name: folder / f"{job.name}.json" for job in jobs}
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items() if file.is_file()}


def gathered(jobs: Sequence[Job], workers: Workers, title: str) -> dict[str, Result]:
    """The result of every job by its name, in the order of ``jobs``; what they made themselves is all that is kept.

    Raises:
        UsageError, Exception: as of ``Workers.results``.
    """
    done = tqdm(workers.results(jobs), title, len(jobs), unit="task", disable=len(jobs) == 1 or None)
    found = {job.name: result for job, result in done}
    return {job.name: found[job.name] for job in jobs}


def run_all(jobs: Sequence[Job], folder: Path, workers: Workers, title: str) -> dict[str, Result]:
    """The result of every job by its name, in the order of ``jobs``; one bar shows how many are done.

    Raises:
        UsageError, Exception: as of ``Workers.results``; what is done until then stays.
    """
    known = finished(jobs, folder)
    missing = [job for job in jobs if job.name not in known]
    with tqdm(total=len(jobs), initial=len(known), desc=title, unit="task", disable=not missing or None) as bar:
        for job, result in workers.results(missing):
            with atomic(folder / f"{job.name}.json") as file:
                file.write(json.dumps(result).encode())
            known[job.name] = result
            bar.set_postfix_str(job.name, refresh=False)
            bar.update()
    return {job.name: known[job.name] for job in jobs}
