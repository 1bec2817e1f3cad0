"""Counts that are committed, with the versions that they are of, and how counts of now differ from them.

committed.json ──► Committed ──counts of now──► what has grown by more than a tenth
"""

import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("committed.json")
LIMIT = 1.1  # times the committed count
COMMAND = "python -m benchmarks.instructions"
_COUNTED = ("numpy", "ai-edge-litert")  # their code is most of what is counted


class Committed(msgspec.Struct, frozen=True):
    """Instructions a call, by part."""

    versions: dict[str, str]
    counts: dict[str, int]


def committed(file: Path = FILE) -> Committed:
    """What ``file`` holds."""
    return msgspec.json.decode(file.read_bytes(), type=Committed)


def commit(counts: dict[str, int], file: Path = FILE) -> None:
    """Writes counts of these versions."""
    content = Committed(versions(), counts)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def versions() -> dict[str, str]:
    """Versions of what is counted beside our own code."""
    python = f"{sys.version_info.major}.{sys.version_info.minor} {platform.machine()}"
    return {"Python": python} | {name: version(name) for name in _COUNTED}


def grown(counts: Mapping[str, int], before: Mapping[str, int]) -> list[str]:
    """One line for each part that takes more than ``LIMIT`` times the committed instructions."""
    return [
        f"{part}: {count:,} instructions, {count / before[part] - 1:+.0%} of the committed {before[part]:,}"
        for part, count in counts.items()
        if count > LIMIT * before[part]
    ]
