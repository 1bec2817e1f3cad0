"""The page: every goal has a row, whether it was measured, met or missed."""

from pathlib import Path

import msgspec
import pytest

from benchmarks.catalogue import ENTRIES
from benchmarks.page.goals import GOALS, goals_table
from benchmarks.page.numbers import number
from benchmarks.page.plots import FOLDER
from benchmarks.page.reasons import nothing
from benchmarks.page.write import PAGE, write_page
from benchmarks.parts import FEATURES, GATES_MODEL
from benchmarks.result import Curve, Outcome, Plot, Result, Spread


class _Any(dict[str, float]):
    """Has every figure."""

    def get(self, _key: str, _default: object = None) -> float:
        return 1.0


_WINDOW_MS = {"soft": 1.0, "models, ai-edge-litert": 0.5}


def result(name: str, outcome: Outcome) -> Result:
    """A result of this outcome."""
    return Result(name=name, outcome=outcome, commit="abc", time="2026-01-01T00:00:00Z", wall_s=1, load=(0.5, 1.5))


def row(measure: str, outcome: Outcome | None) -> str:
    """The row of the first goal whose measure begins so."""
    goal = next(goal for goal in GOALS if goal.measure.startswith(measure))
    results = {} if outcome is None else {goal.result: result(goal.result, outcome)}
    return next(line for line in goals_table(results) if line.startswith(f"| {measure}"))


@pytest.mark.parametrize(("value", "met"), [(1.2, "yes"), (1.3, "no")])
def test_goal_at_most(value: float, met: str) -> None:
    """A row has the median, the quartiles and whether the goal is met."""
    spread = Spread(value, 1.1, 1.4, 9)
    line = row("whole window", Outcome(spreads={"soft over its models": spread}))
    assert f"| {value:.2f} (1.10 to 1.40) x | {met}" in line


@pytest.mark.parametrize(("value", "met"), [(11.0, "yes"), (9.0, "no")])
def test_goal_at_least(value: float, met: str) -> None:
    """More is better where a peer's time is divided by ours."""
    spread = Spread(value, 8.0, 12.0, 9)
    assert f"x | {met}" in row("log-mel of 3 s", Outcome(spreads={"over python_speech_features": spread}))


def test_goal_not_measured() -> None:
    """A missing package or a time-out stands in the row."""
    assert "not measured: needs pulseaudio" in row("whole window", Outcome(missing="needs pulseaudio"))
    assert "| not measured |" in row("whole window", None)


def test_reason_has_figures_of_the_same_run() -> None:
    """Beside a goal that is missed stands what its value is made of, as measured."""
    spreads = {"soft over its models": Spread(2.0, 1.9, 2.1, 9)}
    spreads |= {f"{name} ms": Spread(value, value, value, 9) for name, value in _WINDOW_MS.items()}
    figures = {GATES_MODEL: 0.06, FEATURES: 0.2}
    line = row("whole window", Outcome(spreads=spreads, figures=figures))
    assert (
        "no. Of 1.00 ms a window the models take 0.500, the gate's model 0.0600, frames and image 0.200; 0.240" in line
    )


def test_no_reason_beside_a_goal_that_is_met() -> None:
    """Nor where what would explain it was not measured."""
    met, missed = (Outcome(spreads={"CPU share, ai-edge-litert %": Spread(cpu, cpu, cpu, 2)}) for cpu in (0.9, 1.1))
    assert row("live: CPU", met).endswith("% | yes |")
    assert row("live: CPU", missed).endswith("% | no |")


def test_every_reason_is_complete() -> None:
    """With all figures at hand no reason is empty where a row needs one, and each is one clause of the table."""
    figures = _Any()
    results = {entry.name: result(entry.name, Outcome(figures=figures)) for entry in ENTRIES}
    reasons = [goal.reason(results) for goal in GOALS if goal.reason is not nothing]
    assert all(reasons)
    assert not any("|" in reason or reason.endswith(".") for reason in reasons)


def test_load_is_named(tmp_path: Path) -> None:
    """Measurements on a busy machine are named above the table, none on a quiet one."""
    (tmp_path / "docs").mkdir()
    quiet = result("window", Outcome(figures={"thing ms": 1.0}))
    for load, named in ((0.5, False), (100.0, True)):
        write_page({"window": msgspec.structs.replace(quiet, load=(load, load))}, tmp_path)
        assert "real-time priority" not in (tmp_path / PAGE).read_text()
        assert ("up to 100 processes were runnable" in (tmp_path / PAGE).read_text()) == named


def test_priority_is_named(tmp_path: Path) -> None:
    """What ran at real-time priority is named, as no other program could delay it."""
    (tmp_path / "docs").mkdir()
    outbox = result("outbox", Outcome(figures={"thing ms": 1.0}))
    write_page({"outbox": msgspec.structs.replace(outbox, first=True)}, tmp_path)
    assert "- measured by the clock, so run at real-time priority: outbox" in (tmp_path / PAGE).read_text()


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
