"""A call in a process of its own, without TensorFlow.

    function, arguments ──a fresh interpreter──► its result, or its error

``tflite-runtime`` cannot load a model in a process that has imported TensorFlow 2.21: both bring the same C++
symbols.  While models are being made, every ``.tflite`` file therefore runs here, as it will on a device.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def apart(function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
    """The result of ``function``, which must stand at the top of a module that does not import TensorFlow."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments, **named).result()
