"""Where a bundle comes from: time, commit, versions.

    git, pyproject.toml, installed packages ──► what the manifest says of its making

No path of this machine is in it.
"""

import datetime as dt
import importlib.metadata
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
_VERSIONS = (
    "tensorflow",
    "tensorflow-cpu",
    "keras",
    "numpy",
    "soxr",
    "soundfile",
    "scikit-learn",
    "scipy",
    "webrtcvad-wheels",
)
_RUNTIMES = ("ai-edge-litert", "tflite-runtime")


def version() -> str:
    """The program's, as pyproject.toml says."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def now() -> str:
    """UTC; ``SOURCE_DATE_EPOCH`` makes it repeatable."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    now = dt.datetime.fromtimestamp(float(seconds), dt.UTC) if seconds else dt.datetime.now(dt.UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def commit() -> str:
    """The commit of the code that makes the bundle, with ``+`` where ``convert`` or ``edged`` differ from it."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return "unknown"

    def told(*arguments: str) -> str:
        return subprocess.run(  # noqa: S603 - git with fixed arguments
            [git, "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
        ).stdout.strip()

    changed = told("status", "--porcelain", "--", "convert", "edged/features")
    return (told("rev-parse", "--short=12", "HEAD") or "unknown") + ("+" if changed else "")


def versions() -> dict[str, str]:
    """Of what has a part in the models or in their figures, as far as it is installed."""
    found = {}
    for name in (*_VERSIONS, *_RUNTIMES):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
