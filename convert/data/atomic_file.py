"""Files that are there whole or not at all: a stage that was killed leaves no half a file under a name that says done.

atomic(path) ──► a file beside it ──all went well──► path
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO


@contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which is renamed to ``path`` at the end, or is gone where something failed.

    Its name is the process's own: two folds that are trained at once may make the same log-mel.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 - whatever json takes
    """Writes ``content`` to ``path``, whole or not at all."""
    with atomic(path) as file:
        file.write(f"{json.dumps(content, indent=1)}\n".encode())
