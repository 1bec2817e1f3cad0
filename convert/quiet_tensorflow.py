"""Keeps TensorFlow's remarks about kernels and instruction sets from the terminal.

    import tensorflow ──standard error──► a shell, which drops it if the import succeeds, and else passes it on

Most are silenced by a variable that is read once, at that import.  What its C++ parts say before they read it (oneDNN,
absl) no variable silences: TF_ENABLE_ONEDNN_OPTS=0 would, and changes the results.  A process that dies in the import,
as on a processor without AVX, has said why on standard error alone, so another process must hold that.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

_NAME = "tensorflow"
# Reads descriptor 0 to its end, and passes it on unless descriptor 1, another input, has a line: the import succeeded.
_HOLD = 'hidden=$(cat); read -r line <&1 || printf "%s\\n" "$hidden" >&2'


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
    """Loads without a word on standard error, file descriptor 2."""

    def exec_module(self, module: ModuleType) -> None:
        with _silence():
            super().exec_module(module)


@contextmanager
def _silence() -> Iterator[None]:
    if sys.stderr is None:  # it is closed, and descriptor 2 may be another file
        yield
        return
    sys.stderr.flush()
    before = os.dup(2)
    said, hidden = os.pipe()
    verdict, success = os.pipe()
    # A process group of its own: Ctrl-C ends this process first.
    shell = subprocess.Popen(["/bin/sh", "-c", _HOLD], stdin=said, stdout=verdict, process_group=0)  # noqa: S603 -- fixed
    os.close(said)
    os.close(verdict)
    has_failed = False
    try:
        os.dup2(hidden, 2)
        yield
    except Exception:
        has_failed = True
        raise
    finally:
        os.dup2(before, 2)
        if not has_failed:
            with suppress(BrokenPipeError):  # the shell was killed
                os.write(success, b"\n")
        for file in (before, hidden, success):
            os.close(file)
        shell.wait()
