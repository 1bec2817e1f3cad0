"""A bundle made by ``python -m convert all`` after one epoch, from tiny corpora."""

import os
import subprocess
import sys
from pathlib import Path

from tests.parts.models import layouts

_REPOSITORY = Path(__file__).parents[3]
MADE_AT = {"SOURCE_DATE_EPOCH": "0"}


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
