"""Files that are written whole or not at all: a stage that is killed leaves no partial file under a final name.

atomic(path) ──► a file beside it ──no error──► path
check_place(path) ──► before hours of work: it could be written
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal

from edged.errors import UsageError, reason


@contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which is renamed to ``path`` at the end, or removed after an error.

    Its name contains the process id: two folds that are trained at once may compute the same log-mel.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def check_place(option: str, path: Path, kind: Literal["file", "folder"]) -> None:
    """Checks that ``path``, which ``option`` names, could be written: after hours of work is late.

    Raises:
        UsageError: it is of the other kind, or the nearest folder that exists, or the folder itself, takes no file.
    """
    place = path.resolve()
    if place.exists() and place.is_dir() != (kind == "folder"):
        raise UsageError(f"{option} {path}: is a {'file' if kind == 'folder' else 'folder'}, expected a {kind}")
    try:
        above = [folder for folder in place.parents if folder.exists()]
        for folder in above[:1] + [place] * place.is_dir():
            tempfile.TemporaryFile(dir=folder).close()
    except OSError as exc:
        raise UsageError(f"{option} {path}: {reason(exc)}, expected a place that can be written") from exc


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 - whatever json takes
    """Writes ``content`` to ``path``, whole or not at all."""
    with atomic(path) as file:
        file.write(f"{json.dumps(content, indent=1)}\n".encode())
