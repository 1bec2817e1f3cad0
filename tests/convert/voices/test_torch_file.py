"""Files of torch before 1.6, written here by hand: tensors come back, and nothing else is built."""

import io
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.voices.torch_file import tensors
from edged.errors import UsageError

_MAGIC = 0x1950A86A20F9469CFC6C


class _Named:
    """Stands for a function or class of torch: pickled as its name alone."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class _Tensor:
    def __init__(self, key: str, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> None:
        self.parts = (key, offset, shape, stride)


_PICKLER: Any = getattr(pickle, "_Pickler")  # noqa: B009 -- the one in Python: it can be taught foreign names


class _Writer(_PICKLER):  # type: ignore[misc]
    """Writes names of torch, which nothing here can import."""

    dispatch = _PICKLER.dispatch.copy()

    def persistent_id(self, obj: Any) -> Any:  # noqa: ANN401
        return obj.parts if isinstance(obj, _Storage) else None

    def save_tensor(self, obj: _Tensor) -> None:
        key, offset, shape, stride = obj.parts
        storage = _Storage(("storage", _Named("torch", "FloatStorage"), key, "cpu", 6, None))
        self.save(_Named("torch._utils", "_rebuild_tensor_v2"))
        self.save((storage, offset, shape, stride, False, OrderedDict()))
        self.write(pickle.REDUCE)

    def save_named(self, obj: _Named) -> None:
        self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())

    dispatch[_Tensor] = save_tensor
    dispatch[_Named] = save_named


class _Storage:
    def __init__(self, parts: tuple[Any, ...]) -> None:
        self.parts = parts


def saved(file: Path, objects: object, numbers: dict[str, list[float]], magic: int = _MAGIC) -> Path:
    """Writes ``objects`` as torch did, with the ``numbers`` of each storage."""
    with io.BytesIO() as made:
        for one in (magic, 1001, {"little_endian": True}, objects, list(numbers)):
            _Writer(made, 2).dump(one)
        for values in numbers.values():
            made.write(struct.pack("<q", len(values)) + np.array(values, "<f4").tobytes())
        file.write_bytes(made.getvalue())
    return file


def test_tensors_of_one_storage(tmp_path: Path) -> None:
    """Two tensors share a storage, one of them transposed: shape, offset and strides count."""
    state = OrderedDict(a=_Tensor("1", 0, (2, 2), (1, 2)), b=_Tensor("1", 4, (2,), (1,)))
    found = tensors(saved(tmp_path / "a.pt", {"model": state}, {"1": [1, 2, 3, 4, 5, 6]}), "model")
    assert found["a"].tolist() == [[1, 3], [2, 4]]
    assert found["b"].tolist() == [5, 6]


@pytest.mark.parametrize(
    ("objects", "numbers", "reason"),
    [
        ({"model": {"a": _Named("os", "system")}}, {}, "os.system is no part of a table of tensors"),
        ({"model": {"a": _Tensor("1", 0, (3,), (1,))}}, {"1": [1, 2]}, "reaches beyond its 2 numbers"),
        ({"model": {"a": _Tensor("1", 0, (2, 2), (-1, 1))}}, {"1": [1, 2]}, "reaches beyond"),
        ({"other": {}}, {}, "'model'"),
    ],
    ids=["code", "short", "backwards", "other key"],
)
def test_other_content(tmp_path: Path, objects: object, numbers: dict[str, list[float]], reason: str) -> None:
    """A class that is no tensor, a tensor beyond its storage, another key: one line that names the file."""
    with pytest.raises(UsageError, match=reason) as raised:
        tensors(saved(tmp_path / "a.pt", objects, numbers), "model")
    assert "a.pt" in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text"], ids=["empty", "zip", "text"])
def test_other_files(tmp_path: Path, content: bytes) -> None:
    """Anything else is refused, without a traceback."""
    file = tmp_path / "a.pt"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"a\.pt: "):
        tensors(file, "model")


def test_cut_off(tmp_path: Path) -> None:
    """So is a file that ends early, wherever."""
    whole = saved(tmp_path / "a.pt", {"model": {"a": _Tensor("1", 0, (2,), (1,))}}, {"1": [1, 2]}).read_bytes()
    for length in range(0, len(whole), 7):
        (tmp_path / "b.pt").write_bytes(whole[:length])
        with pytest.raises(UsageError, match=r"b\.pt: "):
            tensors(tmp_path / "b.pt", "model")
