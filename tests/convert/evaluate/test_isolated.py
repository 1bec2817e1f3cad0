"""Calls in a process of their own: kept without TensorFlow, replaced with it or after an error."""

import os
import sys
from types import ModuleType

import pytest

from convert.score.isolated import apart, each_apart


def _spoilt() -> int:
    sys.modules["tensorflow"] = ModuleType("tensorflow")
    return os.getpid()


def _nested() -> int:
    apart(os.getpid)
    return _spoilt()


def _where(number: int) -> dict[str, int]:
    return {"number": number, "process": os.getpid(), "tensorflow": "tensorflow" in sys.modules}


def _failed() -> int:
    raise ValueError(os.getpid())


def test_process_is_another_and_kept() -> None:
    """The second call starts no interpreter."""
    first = apart(os.getpid)
    assert first != os.getpid()
    assert apart(os.getpid) == first


def test_process_with_tensorflow_is_replaced() -> None:
    """What a function imports reaches no later call: tflite-runtime would fail there."""
    first = apart(_spoilt)
    assert apart(os.getpid) != first


def test_process_with_a_process_of_its_own_ends() -> None:
    """It is replaced, for which it has to end, and its own process before it."""
    first = apart(_nested)
    assert apart(os.getpid) != first


def test_process_is_replaced_after_an_error() -> None:
    """The error arrives as it was raised."""
    with pytest.raises(ValueError, match=r"\d+") as error:
        apart(_failed)
    assert apart(os.getpid) != int(str(error.value))


def test_killed_process_is_replaced() -> None:
    """One call fails; the next has a process again."""
    with pytest.raises(Exception, match="terminated abruptly"):
        apart(os._exit, 1)
    assert apart(os.getpid) != os.getpid()


@pytest.mark.parametrize("cores", [1, 2])
def test_calls_run_in_processes_of_their_own(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never in this one, which may have TensorFlow, however many cores there are."""
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setitem(sys.modules, "tensorflow", ModuleType("tensorflow"))
    found = each_apart(_where, {f"call {number}": (number,) for number in range(3)}, "calls")
    assert [(name, one["number"]) for name, one in found.items()] == [("call 0", 0), ("call 1", 1), ("call 2", 2)]
    assert not any(one["tensorflow"] for one in found.values())
    assert os.getpid() not in {one["process"] for one in found.values()}


def test_single_call_runs_in_a_process_of_its_own() -> None:
    """Where there are more cores than calls too; no call needs no process."""
    assert each_apart(_where, {"call": (1,)}, "calls")["call"]["process"] != os.getpid()
    assert each_apart(_where, {}, "calls") == {}
