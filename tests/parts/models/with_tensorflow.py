"""A call in a process that has TensorFlow, which is kept for the next call: the import takes six seconds of CPU time.

    function, arguments ──one process for each worker of pytest-xdist──► its result, or its error

The worker itself must not import TensorFlow where tests of tflite-runtime may follow: see ``convert.score.isolated``,
which keeps no process that did.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def with_tensorflow(function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
    """The result of ``function``, which stands at the top of a module and leaves nothing changed behind."""
    return _process().submit(function, *arguments, **named).result()


@cache
def _process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))
