"""The origin of a bundle: time, commit, versions.

    git, pyproject.toml, installed packages ──► the manifest's entries about the origin of a bundle

It contains no path of this machine.
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
# Everything that takes part in training or in a metric: the stream is measured through all of edged.  The bundles
# themselves, half written (.part) or whole, are results, and writing a result does not change the code.
_SOURCES = (
    "convert",
    "edged",
    "pyproject.toml",
    *(f":(exclude)edged/models/{size}{part}" for size in ("small", "large") for part in ("", ".part")),
)


def version() -> str:
    """The program's version, from pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def now() -> str:
    """The time in UTC; ``SOURCE_DATE_EPOCH`` makes it repeatable."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    now = dt.datetime.fromtimestamp(float(seconds), dt.UTC) if seconds else dt.datetime.now(dt.UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def commit() -> str:
    """The commit of the code that makes the bundle, with ``+`` if ``convert`` or ``edged`` differ from it."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return "unknown"

    def output(*arguments: str) -> str:
        return subprocess.run(  # noqa: S603 - git with fixed arguments
            [git, "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
        ).stdout.strip()

    changed = output("status", "--porcelain", "--", *_SOURCES)
    return (output("rev-parse", "--short=12", "HEAD") or "unknown") + ("+" if changed else "")


def versions() -> dict[str, str]:
    """The versions of installed packages that have a part in the models or in their metrics."""
    installed = {}
    for name in (*_VERSIONS, *_RUNTIMES):
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed
