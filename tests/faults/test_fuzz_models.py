"""Damaged models with a matching hash, as the TFLite runtimes handle them.

Accidental damage never gets this far: the sha256 in the manifest does not match (``test_bundle.py``).  Here it matches,
as an attacker would make it, and only the runtime's own C++ decides.  ``ai-edge-litert`` verifies a file before use and
refuses nearly all; a few of ten thousand still crash the process.  ``tflite-runtime`` (2.14) verifies nothing: three of
four crash it, and some hang.  Python cannot catch that, so hostile bundles are out of scope: install bundles as you
would install programs.  In scope, and tested: if the runtime survives, the outcome is scores or a one-line
``ModelError``, never another exception.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from hypothesis import event, given

from edged.models.interpreter import installed_runtimes
from tests.parts.faults.fuzzing import Edit, edits, fuzzed
from tests.parts.models.bundles import NETWORKS
from tests.tools.tiny_models import FOLDER

_SIZE = max(file.stat().st_size for file in (NETWORKS / "m1.tflite", FOLDER / "trunk_float.tflite"))


@pytest.fixture(scope="module", params=list(product(installed_runtimes(), ("model", "trunk"))), ids="-".join)
def child(request: pytest.FixtureRequest, fast: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs damaged models, or trunks, with this runtime."""
    runtime, part = request.param
    command = [sys.executable, "-m", "tests.parts.faults.fuzz_child", runtime, str(fast), part]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as judging:
        yield judging
        judging.communicate()


def verdict_on(child: subprocess.Popen[str], changes: list[Edit]) -> str:
    """The verdict on the model with these changes."""
    assert child.stdin is not None
    assert child.stdout is not None
    line = json.dumps([(offset, n_removed, new.hex()) for offset, n_removed, new in changes])
    child.stdin.write(line + "\n")
    child.stdin.flush()
    return str(json.loads(child.stdout.readline()))


def test_model_without_damage_answers(child: subprocess.Popen[str]) -> None:
    """An undamaged model works; otherwise the next test would only see bundles refused for another reason."""
    assert verdict_on(child, []) == "answered"


@given(changes=edits(_SIZE))
@fuzzed
def test_model_damaged(child: subprocess.Popen[str], changes: list[Edit]) -> None:
    """A damaged model gives scores, an error or a dead process, never another exception."""
    verdict = verdict_on(child, changes)
    event(verdict)
    assert verdict in {"answered", "refused"} or verdict.startswith("ended by SIG")
