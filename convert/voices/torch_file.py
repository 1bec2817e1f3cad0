"""A file that torch saved before its version 1.6 to numpy arrays, without torch.

    magic, version, sizes, objects, keys (five pickles) ──then for each key its count and raw numbers──► name: array

Only what a dictionary of tensors needs is built; any other class in the file is an error, so that a file cannot run
code.
"""

import pickle
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from edged.errors import UsageError, reason

_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}
_N_BEFORE = 2  # pickles between the magic number and the objects: version, sizes of types


class _Tensor:
    """Where a tensor lies in its storage."""

    def __init__(self, storage: tuple[Any, ...], offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> None:
        self.dtype, self.key = np.dtype(_DTYPES[storage[1]]), storage[2]
        self.offset, self.shape, self.stride = offset, shape, stride


def _rebuilt(
    storage: tuple[Any, ...], offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, shape, stride)


class _Reader(pickle.Unpickler):
    """Builds dictionaries, numbers and tensors only."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 -- as its base
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch._utils" and name in {"_rebuild_tensor", "_rebuild_tensor_v2"}:
            return _rebuilt
        if module == "torch" and name in _DTYPES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a table of tensors")

    def persistent_load(self, pid: Any) -> Any:  # noqa: ANN401 -- as its base
        return pid


def tensors(file: Path, key: str) -> dict[str, NDArray[Any]]:
    """The arrays by name in the dictionary ``key`` of ``file``.

    Raises:
        UsageError: it is no such file; the message says why.
    """
    try:
        with file.open("rb") as source:
            if _Reader(source).load() != _MAGIC:
                raise UsageError(f"{file}: begins with another number, expected a file of torch before 1.6")
            for _ in range(_N_BEFORE):
                _Reader(source).load()
            objects, keys = _Reader(source).load(), _Reader(source).load()
            dtypes = {tensor.key: tensor.dtype for tensor in _within(objects)}
            stored = {name: _numbers(source, dtypes[name]) for name in keys}
        return {name: _array(tensor, stored[tensor.key]) for name, tensor in objects[key].items()}
    except (OSError, EOFError, KeyError, ValueError, TypeError, AttributeError, pickle.UnpicklingError) as exc:
        raise UsageError(f"{file}: {reason(exc)}, expected tensors of torch before 1.6 under {key!r}") from exc


def _within(value: object) -> Iterator[_Tensor]:
    if isinstance(value, _Tensor):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _within(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _within(one)


def _numbers(source: BinaryIO, dtype: np.dtype[Any]) -> NDArray[Any]:
    n = int.from_bytes(source.read(8), "little")
    content = source.read(n * dtype.itemsize)
    return np.frombuffer(content, dtype, n)


def _array(tensor: _Tensor, stored: NDArray[Any]) -> NDArray[Any]:
    strides = [step * stored.itemsize for step in tensor.stride]
    last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride, strict=True))
    if tensor.offset < 0 or min((*tensor.shape, *tensor.stride), default=1) < 0 or last >= len(stored):
        raise ValueError(f"a tensor of shape {tensor.shape} reaches beyond its {len(stored)} numbers")
    view = np.lib.stride_tricks.as_strided(stored[tensor.offset :], tensor.shape, strides, writeable=False)
    return np.ascontiguousarray(view)
