"""One ``.tflite`` file: an int8 image or a trunk's features in, scores out.

    image (188, 64) int8 ─────────────┐
    features (n,) float32 ──quantized─┴─TFLite, one interpreter a model──► (n_labels,) ──dequantised──► scores in [0, 1]

The runtime is ``ai-edge-litert`` where it is installed (its XNNPACK kernels are many times faster on x86, and equal on
Arm), else ``tflite-runtime``, the only one for 32-bit Raspberry Pi OS.  Both take the same files.
"""

import contextlib
import importlib
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edged.errors import ModelError
from edged.features.geometry import GEOMETRY, Geometry
from edged.features.logmel import Floats

Runtime = Literal["ai-edge-litert", "tflite-runtime"]
Seen = NDArray[np.int8] | Floats  # an image (n_frames, n_bands), or real numbers: features (n,), levels
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


@dataclass(frozen=True, slots=True)
class Tensor:
    """The one input or output of a file."""

    index: int
    shape: tuple[int, ...]
    dtype: str  # int8 or float32
    scale: float  # of an int8 step; 0 where it is not quantized
    zero_point: int

    def written(self) -> str:
        """For messages."""
        return f"{self.dtype} {self.shape}"

    def quantized(self, reals: Floats) -> NDArray[np.int8]:
        """``reals`` in steps of this tensor."""
        steps = np.rint(reals * np.float32(1 / self.scale)) + np.float32(self.zero_point)
        return np.asarray(np.clip(steps, -128, 127), np.int8)

    def real(self, steps: NDArray[Any], out: Floats | None = None) -> Floats:
        """The values of ``steps``, in ``out`` if there is one."""
        if self.dtype == "float32":
            return np.asarray(steps, np.float32)
        shifted: Floats = np.subtract(steps, self.zero_point, out=out, dtype=np.float32)
        shifted *= self.scale
        return shifted


class Network:
    """A file ready to run.  Not thread-safe: one thread, the pipeline, owns it."""

    def __init__(self, name: str, content: bytes, *, n_threads: int, runtime: Runtime) -> None:
        """Allocates once; ``content`` is the file's bytes, ``name`` is for messages.

        Raises:
            ModelError: the runtime refuses the file, or it has more than one input or output.
        """
        self._name, self._runtime = name, runtime
        try:
            module = importlib.import_module(_MODULES[runtime])
            with _quiet():
                self._interpreter: Any = module.Interpreter(model_content=content, num_threads=n_threads)
                self._interpreter.allocate_tensors()
        except (ImportError, ValueError, RuntimeError, MemoryError) as exc:
            raise ModelError(f"model {name}: {runtime} cannot load it: {_reason(exc)}") from exc
        self.input = self._tensor("inputs", self._interpreter.get_input_details())
        self.output = self._tensor("outputs", self._interpreter.get_output_details())

    def fault(self, which: str, found: str, expected: str) -> ModelError:
        """The error for an input or output that is not as expected."""
        return ModelError(f"model {self._name}: {which} {found}, expected {expected}")

    def prove(self, seen: NDArray[Any]) -> None:
        """Runs once, because a file may load although its operators cannot run.

        Raises:
            ModelError: it cannot run.
        """
        try:
            self.run(seen)
        except (ValueError, RuntimeError, MemoryError) as exc:
            raise ModelError(f"model {self._name}: {self._runtime} cannot run it: {_reason(exc)}") from exc

    def run(self, seen: NDArray[Any]) -> NDArray[Any]:
        """The output for ``seen``, both without the first axis, as a view that the next run overwrites.

        Drop the view before the next run: the runtime refuses to run while one exists.
        """
        self._interpreter.set_tensor(self.input.index, seen.reshape(self.input.shape))
        self._interpreter.invoke()
        outputs: list[NDArray[Any]] = self._interpreter.tensor(self.output.index)()
        return outputs[0]

    def _tensor(self, which: str, tensors: list[Any]) -> Tensor:
        if len(tensors) != 1:
            raise ModelError(f"model {self._name}: {len(tensors)} {which}, expected one")
        found = tensors[0]
        shape = tuple(int(n) for n in found["shape"])
        scale, zero_point = found["quantization"]
        tensor = Tensor(int(found["index"]), shape, np.dtype(found["dtype"]).name, float(scale), int(zero_point))
        if tensor.dtype not in {"int8", "float32"} or not math.isfinite(tensor.scale) or tensor.scale < 0:
            raise self.fault(f"{which} are", tensor.written(), "int8 or float32")
        return tensor


def image_in(seen: Seen) -> NDArray[np.int8] | None:
    """``seen`` if it is an image; None for features and levels, which are real numbers."""
    return np.asarray(seen, np.int8) if seen.dtype == np.int8 else None


def reals_in(seen: Seen) -> Floats:
    """``seen`` as features or levels."""
    return np.asarray(seen, np.float32)


def check_image(network: Network, shape: tuple[int, ...], quantum_db: float) -> None:
    """Checks that ``network`` takes images of this shape in steps of ``quantum_db``.

    Raises:
        ModelError: it does not.
    """
    wanted = network.input
    if wanted.shape != shape or wanted.dtype != "int8":
        raise network.fault("inputs are", wanted.written(), f"int8 {shape}")
    if not math.isclose(wanted.scale, quantum_db, rel_tol=1e-4) or wanted.zero_point != _ZERO_POINT:
        found = f"{wanted.scale:.6f} and zero point {wanted.zero_point}"
        raise network.fault("input scale", found, f"{quantum_db:.6f} dB and {_ZERO_POINT}")


class Interpreter:
    """A model ready to run: its input is an image, or features."""

    def __init__(  # noqa: PLR0913 -- what the file must be, and how it runs
        self,
        name: str,
        content: bytes,
        n_labels: int,
        *,
        n_threads: int,
        runtime: Runtime,
        n_features: int | None = None,
        geometry: Geometry = GEOMETRY,
    ) -> None:
        """Allocates once; ``content`` is the file's bytes, ``name`` is for messages.

        With ``n_features`` its input is that many features, else an image of ``geometry``.

        Raises:
            ModelError: the runtime refuses the file, or its input or output is not what is expected here.
        """
        self._network = Network(name, content, n_threads=n_threads, runtime=runtime)
        wanted, output = self._network.input, self._network.output
        if n_features is None:
            shape = (1, geometry.n_frames, geometry.n_bands, 1)
            check_image(self._network, shape, geometry.quantum_db)
        elif wanted.shape != (1, n_features) or (wanted.dtype == "int8" and not wanted.scale):
            raise self._network.fault("inputs are", wanted.written(), f"float32 or int8 {(1, n_features)}")
        if output.shape != (1, n_labels) or (n_features is None and output.dtype != "int8"):
            kinds = "int8" if n_features is None else "float32 or int8"
            raise self._network.fault("outputs are", output.written(), f"{kinds} {(1, n_labels)}")
        silence = _ZERO_POINT if n_features is None else 0
        self._network.prove(np.full(wanted.shape, silence, wanted.dtype))

    def scores(self, seen: Seen, out: Floats | None = None) -> Floats:
        """(n_labels,) outputs in [0, 1] for the input ``seen``, written to ``out`` if given.

        Raises:
            ModelError: an output is not finite, as a damaged file may make it.
        """
        network = self._network
        is_ready = seen.dtype == np.int8 or network.input.dtype == "float32"
        steps = network.run(seen if is_ready else network.input.quantized(reals_in(seen)))
        # Always a copy: no view into the interpreter's memory may exist during a run.
        if network.output.dtype == "int8":
            return network.output.real(steps, out)
        scores = np.empty(steps.shape, np.float32) if out is None else out
        np.copyto(scores, steps)
        if not np.isfinite(scores).all():
            raise network.fault("outputs", "are not finite", "scores")
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
