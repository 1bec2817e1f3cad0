"""The page: every goal has a row, whether it was measured, met or missed."""

from pathlib import Path

import pytest

from benchmarks.catalogue import ENTRIES
from benchmarks.page.goals import GOALS, goals_table, number
from benchmarks.page.plots import FOLDER
from benchmarks.page.write import PAGE, write_page
from benchmarks.result import Curve, Outcome, Plot, Result, Spread


def result(name: str, outcome: Outcome) -> Result:
    """A result of this outcome."""
    return Result(name=name, outcome=outcome, commit="abc", time="2026-01-01T00:00:00Z", wall_s=1, load=(0.5, 1.5))


def row(measure: str, outcome: Outcome | None) -> str:
    """The row of the first goal whose measure begins so."""
    goal = next(goal for goal in GOALS if goal.measure.startswith(measure))
    results = {} if outcome is None else {goal.result: result(goal.result, outcome)}
    return next(line for line in goals_table(results) if line.startswith(f"| {measure}"))


@pytest.mark.parametrize(("value", "met"), [(1.2, "yes"), (1.3, "no.")])
def test_goal_at_most(value: float, met: str) -> None:
    """A row has the median, the quartiles and whether the goal is met."""
    spread = Spread(value, 1.1, 1.4, 9)
    line = row("whole window", Outcome(spreads={"soft over its models": spread}))
    assert f"| {value:.2f} (1.10 to 1.40) x | {met}" in line


@pytest.mark.parametrize(("value", "met"), [(11.0, "yes"), (9.0, "no.")])
def test_goal_at_least(value: float, met: str) -> None:
    """More is better where a peer's time is divided by ours."""
    spread = Spread(value, 8.0, 12.0, 9)
    assert f"x | {met}" in row("log-mel of 3 s", Outcome(spreads={"over python_speech_features": spread}))


def test_goal_not_measured() -> None:
    """A missing package or a time-out stands in the row."""
    assert "not measured: needs pulseaudio" in row("whole window", Outcome(missing="needs pulseaudio"))
    assert "| not measured |" in row("whole window", None)


def test_goals_are_measured_by_entries() -> None:
    """Each goal names a measurement that exists."""
    assert {goal.result for goal in GOALS} <= {entry.name for entry in ENTRIES}


def test_page_names_machine_and_commit(tmp_path: Path) -> None:
    """Who reads the page knows what it is of."""
    (tmp_path / "docs").mkdir()
    write_page({"window": result("window", Outcome(figures={"thing ms": 1234.5}))}, tmp_path)
    text = (tmp_path / PAGE).read_text()
    for part in ("commit abc", "0.5 to 1.5 runnable processes", "numpy 1", "| thing ms | 1,234 |"):
        assert part in text


def test_pictures_of_peers_and_growth(tmp_path: Path) -> None:
    """What can be drawn is drawn, linked and also written as numbers."""
    plot = Plot("CPU time against nodes", "nodes", "ms", [Curve("edged", [1, 10], [2.0, 20.5])])
    spreads = {"edged ms": Spread(1, 0.9, 1.1, 5), "librosa ms": Spread(4, 3.5, 4.5, 5)}
    results = {
        "front-end": result("front-end", Outcome(spreads=spreads)),
        "growth-pipeline": result("growth-pipeline", Outcome(plots={"nodes": plot})),
    }
    (tmp_path / "docs").mkdir()
    write_page(results, tmp_path)
    text = (tmp_path / PAGE).read_text()
    assert "CPU time against nodes: 2.00 at 1, 20.5 at 10 (ms)." in text
    for name in ("peers.png", "growth.png"):
        assert f"](benchmarks/{name})" in text
        assert (tmp_path / FOLDER / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("value", "written"), [(0.01234, "0.0123"), (1.0, "1.00"), (12.0, "12.0"), (99.96, "100"), (123456.0, "123,456")]
)
def test_numbers(value: float, written: str) -> None:
    """Three digits."""
    assert number(value) == written
