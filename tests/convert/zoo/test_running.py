"""Running: results outlive an interruption, and workers that die."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.corpora.clip import LABELS
from convert.zoo import running
from convert.zoo.problems import Places
from convert.zoo.running import Done, results, run_all, stored
from convert.zoo.trials import Trial
from edged.errors import UsageError

WANTED = [Trial("emodb", "MNB on eight", "apart", fold, 1) for fold in range(3)]


def a_result(trial: Trial) -> dict[str, Any]:
    """All right, of one speaker a fold."""
    matrix = np.eye(len(LABELS), dtype=int).tolist()
    row = {"labels": list(LABELS), "speakers": {f"s{trial.fold}": matrix}}
    return {**row, "top3": 1.0, "cpu_s": 0.1, "multiply_adds": 48}


def at_once(_places: Places, missing: Sequence[Trial], _jobs: int) -> Iterator[Done]:
    """Results without work."""
    for trial in missing:
        yield trial, a_result(trial), np.eye(len(LABELS), dtype=np.float32)


def dies(places: Places, trial: Trial) -> Done:
    """Ends its process the first time it is run."""
    mark = places.work / f"{trial.name}.ran"
    if not mark.exists():
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        os._exit(1)
    return trial, a_result(trial), np.eye(len(LABELS), dtype=np.float32)


def always_dies(_places: Places, _trial: Trial) -> Done:
    """Ends its process."""
    os._exit(1)


@pytest.fixture
def apart(places: Places, tmp_path: Path) -> Places:
    """The corpus with a folder for results that nobody else uses."""
    return replace(places, work=tmp_path)


def test_interrupted_run_resumes(apart: Places) -> None:
    """What has a result is not run again, and the rest is."""
    run_all(apart, WANTED[:1], 1, "first", at_once)
    run_all(apart, WANTED, 1, "second", at_once)
    assert [result["commit"] for result in results(apart, WANTED).values()] == ["first", "second", "second"]


def test_scores_are_stored(apart: Places) -> None:
    """An ensemble finds what its members scored."""
    assert stored(apart, WANTED[0]) is None
    run_all(apart, WANTED[:1], 1, "first", at_once)
    found = stored(apart, WANTED[0])
    assert found is not None
    np.testing.assert_array_equal(found.scores, np.eye(len(LABELS)))
    assert (found.seconds, found.multiply_adds) == (0.1, 48)


def test_killed_worker_costs_one_trial(apart: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial whose worker died is tried again, and no result is lost."""
    monkeypatch.setattr(running, "one", dies)
    run_all(apart, WANTED[:1], 1, "first")
    assert list(results(apart, WANTED)) == WANTED[:1]


def test_workers_that_always_die(apart: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """After three tries the run ends with the trial's name."""
    monkeypatch.setattr(running, "one", always_dies)
    with pytest.raises(UsageError, match=r"MNB_on_eight.*died 3 times in a row"):
        run_all(apart, WANTED[:1], 1, "first")
