"""The command: the page is written from all measurements, and never from a part of them."""

import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.catalogue import ENTRIES, Entry
from benchmarks.page.write import PAGE
from benchmarks.result import Outcome, Result, save

_WRITTEN = "what others measured\n"


def measured(entry: Entry, commit: str) -> Result:
    """Stands for the measurement, which takes minutes: stores one figure."""
    outcome = Outcome(figures={"answer ms": 42.0})
    result = Result(name=entry.name, outcome=outcome, commit=commit, time="2026-01-01T00:00:00Z", wall_s=1, load=(0, 0))
    save(result)
    return result


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a page, and no results yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("benchmarks.runner.run", measured)
    (tmp_path / PAGE).parent.mkdir()
    (tmp_path / PAGE).write_text(_WRITTEN)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Status of ``python -m benchmarks`` with these arguments."""
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    return main()


def test_one_measurement_is_printed_and_leaves_the_page(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a fresh checkout, which has the page without the results that it was written from."""
    assert run(monkeypatch, "--only", ENTRIES[0].name) == 0
    assert (checkout / PAGE).read_text() == _WRITTEN
    printed = capsys.readouterr().out
    assert "| answer ms | 42" in printed
    assert f"left as it is: {len(ENTRIES) - 1} of its {len(ENTRIES)} measurements" in printed


def test_page_without_results_is_refused(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 1, and the page stays."""
    assert run(monkeypatch, "--page") == 1
    assert (checkout / PAGE).read_text() == _WRITTEN


def test_page_is_written_from_all_results(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One measurement repeated is enough where the others are stored."""
    for entry in ENTRIES[1:]:
        measured(entry, "abc")
    assert run(monkeypatch, "--only", ENTRIES[0].name) == 0
    assert (checkout / PAGE).read_text().startswith("# Benchmarks\n")
