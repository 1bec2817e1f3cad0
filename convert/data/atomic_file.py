"""Files that are written whole or not at all: a stage that is killed leaves no partial file under a final name.

atomic(path) ──► a file beside it ──no error──► path
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO


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


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 - whatever json takes
    """Writes ``content`` to ``path``, whole or not at all."""
    with atomic(path) as file:
        file.write(f"{json.dumps(content, indent=1)}\n".encode())
