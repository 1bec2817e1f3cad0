"""Calls in a process of their own: kept without TensorFlow, replaced with it or after an error."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from convert.score.isolated import apart, each_apart

REPOSITORY = Path(__file__).parents[3]
INTERRUPTED = """
import os, signal, sys, time
from convert.score.isolated import apart
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background of a script
try:
    apart(os.getpid)
    print("ready", flush=True)
    {then}
except KeyboardInterrupt:
    sys.exit(130)
"""


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


@pytest.mark.parametrize("then", ["time.sleep(600)", "apart(time.sleep, 600)"])
def test_interrupt_ends_both_processes_without_a_word(then: str) -> None:
    """A terminal sends Ctrl-C to all processes of a command; the call is not waited for."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED.format(then=then)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=REPOSITORY,
        text=True,
        start_new_session=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        os.killpg(program.pid, signal.SIGINT)
        _, errors = program.communicate(timeout=60)
    assert (program.returncode, errors) == (130, "")
