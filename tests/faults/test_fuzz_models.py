"""Damaged models whose hash was made to fit: what the TFLite runtimes make of them.

A model that was damaged by accident never gets as far: its sha256 in the manifest does not fit (``test_bundle.py``).
Here the hash fits, as somebody would make it who means harm, and then the runtime's own C++ is the judge.
``ai-edge-litert`` verifies a file before it uses it and refuses nearly all; a few of ten thousand still end the process
by a signal.  ``tflite-runtime`` (2.14) verifies nothing: three of four end it, and some let it hang.  Nothing in
Python can catch that, so a hostile bundle is outside of what is promised: install bundles as you would install
programs.  What is promised, and tested: whatever the runtime survives is an answer or a ``ModelError`` of one line,
never another exception.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import event, given

from edged.models.bundle import DEFAULT_BUNDLE
from edged.models.interpreter import installed_runtimes
from tests.parts.faults.fuzzing import Edit, edits, fuzzed

_SIZE = (DEFAULT_BUNDLE / "m1.tflite").stat().st_size


@pytest.fixture(scope="module", params=installed_runtimes())
def child(request: pytest.FixtureRequest, fast: Path) -> Iterator[subprocess.Popen[str]]:
    """The process that judges damaged models with this runtime."""
    command = [sys.executable, "-m", "tests.parts.faults.fuzz_child", request.param, str(fast)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as judging:
        yield judging
        judging.communicate()


def judged(child: subprocess.Popen[str], changes: list[Edit]) -> str:
    """The verdict on the model with these changes."""
    assert child.stdin is not None
    assert child.stdout is not None
    line = json.dumps([(place, n_removed, new.hex()) for place, n_removed, new in changes])
    child.stdin.write(line + "\n")
    child.stdin.flush()
    return str(json.loads(child.stdout.readline()))


def test_model_without_damage_answers(child: subprocess.Popen[str]) -> None:
    """Else all that the next test sees would be a bundle that is refused for something else."""
    assert judged(child, []) == "answered"


@given(changes=edits(_SIZE))
@fuzzed
def test_model_damaged(child: subprocess.Popen[str], changes: list[Edit]) -> None:
    """An answer, a refusal, or the end of the process; never another exception."""
    verdict = judged(child, changes)
    event(verdict)
    assert verdict in {"answered", "refused"} or verdict.startswith("ended by SIG")
