"""A job whose result is a file: it travels as text, and is written where it is not there yet.

    job ──a worker──► the file in the worker's folder ──packed──► the same file here

A process of this machine has written it already; a machine of a cluster has another folder.
"""

import base64
from collections.abc import Mapping
from pathlib import Path

from convert.data.atomic_file import atomic
from convert.tasks.job import Job, Result, Workers


def packed(file: Path) -> Result:
    """The result of a job that made ``file``."""
    return {"content": base64.b64encode(file.read_bytes()).decode("ascii")}


def make(files: Mapping[Path, Job], workers: Workers) -> None:
    """Runs the jobs of those ``files`` that are not there; each gives the ``packed`` file.

    Raises:
        UsageError, Exception: as of ``Workers.results``; what is done until then stays.
    """
    absent = {job.name: file for file, job in files.items() if not file.is_file()}
    for job, result in workers.results([job for file, job in files.items() if not file.is_file()]):
        if not (file := absent[job.name]).is_file():
            with atomic(file) as written:
                written.write(base64.b64decode(result["content"]))
