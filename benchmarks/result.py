"""What a measurement returns, and its file: numbers, curves and notes, with the machine that they are of.

    Outcome ──run by benchmarks.runner──► Result ──► build/benchmarks/<name>.json ──► the page

Names of spreads and figures end with their unit; ratios have none.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

FOLDER = Path("build/benchmarks")


class Spread(msgspec.Struct, frozen=True):
    """The median of repeated values, and the quartiles on both sides of it."""

    median: float
    low: float
    high: float
    n: int


class Curve(msgspec.Struct, frozen=True):
    """Cost against size, at three sizes or more; all curves of one plot have the same units."""

    label: str
    sizes: list[float]
    costs: list[float]


class Plot(msgspec.Struct, frozen=True):
    """Curves to draw together; ``linear`` is the cost that growth in proportion to the size would have."""

    title: str
    size_unit: str
    cost_unit: str
    curves: list[Curve]


class Outcome(msgspec.Struct, kw_only=True):
    """What a measurement returns."""

    spreads: dict[str, Spread] = {}
    figures: dict[str, float] = {}
    plots: dict[str, Plot] = {}
    notes: list[str] = []
    missing: str = ""  # why it could not be measured here; empty if it was


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome, and where and when it was measured."""

    name: str
    outcome: Outcome
    commit: str
    time: str  # UTC, RFC 3339
    wall_s: float
    load: tuple[float, float]  # runnable processes, mean of a minute, before and after
    first: bool = False  # whether it ran before other programs, at real-time priority


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles of ``values``."""
    low, median, high = np.percentile(values, (25, 50, 75)).tolist()
    return Spread(median, low, high, len(values))


def saved(name: str, folder: Path = FOLDER) -> Result | None:
    """The stored result of a measurement; None if there is none that can be read."""
    try:
        return msgspec.json.decode((folder / f"{name}.json").read_bytes(), type=Result)
    except (OSError, msgspec.DecodeError):
        return None


def save(result: Result, folder: Path = FOLDER) -> None:
    """Stores a result in place of an older one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{result.name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1))
