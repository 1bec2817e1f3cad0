"""A bundle made by ``python -m convert all`` after one epoch, from tiny corpora."""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.models import layouts

_REPOSITORY = Path(__file__).parents[3]
NEEDS = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("tensorflow", "onnx")),
    reason="needs TensorFlow and onnx: pip install -e '.[convert,dev]'",
)
MADE_AT = {"SOURCE_DATE_EPOCH": "0"}


def trained_default(factory: pytest.TempPathFactory) -> Path:
    """A folder of the caller's own with corpora, the runs of recipe default in ``work``, and its ``bundle``.

    The first process of a session that asks for it trains; the others wait, and each gets a copy.
    """
    session = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        session = session.parent  # that of all workers
    shared = session / "trained-default"
    with (session / "trained-default.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "bundle").is_dir():
            shutil.rmtree(shared, ignore_errors=True)  # of a process that failed
            layouts.ami(shared / "ami")
            trained_bundle(shared, "--recipe", "default")
    return shutil.copytree(shared, factory.mktemp("convert") / "default")


def trained_bundle(folder: Path, *options: str) -> Path:
    """Corpora in ``folder``, runs in its ``work``, and the bundle, whose path is returned."""
    layouts.cremad(folder / "cremad")
    layouts.emodb(folder / "emodb")
    layouts.ravdess(folder / "ravdess")
    layouts.esc10(folder / "esc10")
    layouts.noises(folder / "noise")
    done = made("all", *options, folder=folder, out="bundle")
    assert "CREMA-D" in done.stdout
    return folder / "bundle"


def made(stage: str, *options: str, folder: Path, out: str) -> subprocess.CompletedProcess[str]:
    """Run a stage on the corpora of ``folder``, in a process of its own as a user does."""
    places = ["--corpora", str(folder), "--work", str(folder / "work"), "--out", str(folder / out)]
    done = subprocess.run(
        [sys.executable, "-m", "convert", stage, *options, "--epochs", "1", "--seed", "3", *places],
        cwd=_REPOSITORY,
        env={**os.environ, **MADE_AT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done
