"""One ``.tflite`` file: an int8 image in, scores out.

    image (188, 64) int8 ──TFLite, one interpreter a model──► (n_labels,) int8 ──dequantised──► scores in [0, 1]

The runtime is ``ai-edge-litert`` where it is installed (its XNNPACK kernels are many times faster on x86, and equal on
Arm), else ``tflite-runtime``, the only one for 32-bit Raspberry Pi OS.  Both take the same files.
"""

import contextlib
import importlib
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edged.errors import ModelError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

Runtime = Literal["ai-edge-litert", "tflite-runtime"]
_ZERO_POINT = -128  # of the input: its real value is dB above the window's floor, so that padding is silence
_MODULES: dict[Runtime, str] = {
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
}


def installed_runtimes() -> list[Runtime]:
    """The runtimes that can be imported here, the preferred one first."""
    runtimes: list[Runtime] = []
    for name, module in _MODULES.items():
        try:
            importlib.import_module(module)
        except ImportError:
            continue
        runtimes.append(name)
    return runtimes


class Interpreter:
    """A model ready to run.  Not thread-safe: one thread, the pipeline, owns it."""

    def __init__(self, name: str, content: bytes, n_labels: int, *, n_threads: int, runtime: Runtime) -> None:
        """Allocates once; ``content`` is the file's bytes, ``name`` is for messages.

        Raises:
            ModelError: the runtime refuses the file, or its input or output is not what the front end feeds.
        """
        try:
            module = importlib.import_module(_MODULES[runtime])
            with _quiet():
                self._interpreter: Any = module.Interpreter(model_content=content, num_threads=n_threads)
                self._interpreter.allocate_tensors()
        except (ImportError, ValueError, RuntimeError, MemoryError) as exc:
            raise ModelError(f"model {name}: {runtime} cannot load it: {_reason(exc)}") from exc
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        shape = (1, GEOMETRY.n_frames, GEOMETRY.n_bands, 1)
        _check(name, "inputs", inputs, shape)
        _check(name, "outputs", outputs, (1, n_labels))
        scale, zero_point = inputs[0]["quantization"]
        if not math.isclose(scale, GEOMETRY.quantum_db, rel_tol=1e-4) or zero_point != _ZERO_POINT:
            raise ModelError(
                f"model {name}: input scale {scale:.6f} and zero point {zero_point}, expected"
                f" {GEOMETRY.quantum_db:.6f} dB and {_ZERO_POINT}"
            )
        self._input, self._shape = inputs[0]["index"], shape
        self._output = outputs[0]["index"]
        self._scale, self._zero_point = outputs[0]["quantization"]
        try:
            # Run once, on silence: a file may load although its operators cannot run, and that has to be known now.
            self.scores(np.full(shape[1:3], _ZERO_POINT, np.int8))
        except (ValueError, RuntimeError, MemoryError) as exc:
            raise ModelError(f"model {name}: {runtime} cannot run it: {_reason(exc)}") from exc

    def scores(self, image: NDArray[np.int8]) -> Floats:
        """(n_labels,) dequantised outputs in [0, 1] for one ``image`` (n_frames, n_bands)."""
        self._interpreter.set_tensor(self._input, image.reshape(self._shape))
        self._interpreter.invoke()
        # get_tensor copies: no view into the interpreter's memory lives across an invoke.
        steps = self._interpreter.get_tensor(self._output)[0].astype(np.float32)
        scores: Floats = (steps - np.float32(self._zero_point)) * np.float32(self._scale)
        return scores


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the runtime's C++ messages off stderr, which is the log; faults come as exceptions."""
    stderr = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _reason(exc: Exception) -> str:
    """The first line of the C++ message, which may contain bytes of the file."""
    return str(exc).splitlines()[0].encode("unicode_escape").decode() if str(exc) else type(exc).__name__


def _check(name: str, which: str, tensors: list[Any], shape: tuple[int, ...]) -> None:
    if len(tensors) != 1:
        raise ModelError(f"model {name}: {len(tensors)} {which}, expected one")
    actual, dtype = tuple(int(n) for n in tensors[0]["shape"]), np.dtype(tensors[0]["dtype"]).name
    if actual != shape or dtype != "int8":
        raise ModelError(f"model {name}: {which} are {dtype} {actual}, expected int8 {shape}")
