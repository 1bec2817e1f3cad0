"""Keeps TensorFlow's remarks about kernels and instruction sets from the terminal.

    import tensorflow ──► with file 2 at the null device while it loads; its errors are exceptions, and stay

Most are silenced by a variable that is read once, at that import.  What its C++ parts say before they read it (oneDNN,
absl) no variable silences: TF_ENABLE_ONEDNN_OPTS=0 would, and changes the results.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

_NAME = "tensorflow"


def quiet_tensorflow() -> None:
    """For this process, before it imports TensorFlow, and for its children."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", _NAME)
    sys.meta_path.insert(0, _Finder)


class _Finder:
    """Finds TensorFlow where Python does, and nothing else."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == _NAME else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Loads without a word on file 2."""

    def exec_module(self, module: ModuleType) -> None:
        with _silence():
            super().exec_module(module)


@contextmanager
def _silence() -> Iterator[None]:
    if sys.stderr is None:  # it is closed, and file 2 may be another file
        yield
        return
    sys.stderr.flush()
    before, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(null)
