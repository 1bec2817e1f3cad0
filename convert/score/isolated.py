"""A call in a process of its own, without TensorFlow.

    function, arguments ──one fresh interpreter, kept for the next call──► its result, or its error

``tflite-runtime`` cannot load a model in a process that has imported TensorFlow 2.21: both bring the same C++
symbols.  While models are being made, every ``.tflite`` file therefore runs here, as it will on a device.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def apart(function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
    """The result of ``function``, which must stand at the top of a module that does not import TensorFlow."""
    try:
        return _interpreter().submit(function, *arguments, **named).result()
    except BrokenProcessPool:  # it was killed: the next call has another
        _interpreter.cache_clear()
        raise


@cache
def _interpreter() -> ProcessPoolExecutor:
    """One process: an interpreter needs seconds to start, and the stages call it hundreds of times."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))
