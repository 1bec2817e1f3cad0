"""Running: results outlive an interruption, and scores are stored beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.corpora.clip import LABELS, Clip
from convert.tasks.job import Job, Result
from convert.zoo import problems
from convert.zoo.problems import Places
from convert.zoo.running import results, run_all, stored
from convert.zoo.trials import Trial

WANTED = [Trial("emodb", "MNB on eight", "apart", fold, 1) for fold in range(3)]


def a_result(trial: Trial) -> dict[str, Any]:
    """All right, of one speaker a fold."""
    matrix = np.eye(len(LABELS), dtype=int).tolist()
    row = {"labels": list(LABELS), "speakers": {f"s{trial.fold}": matrix}}
    return {**row, "top3": 1.0, "cpu_s": 0.1, "multiply_adds": 48}


class AtOnce:
    """Workers whose results need no work; they remember the trials."""

    def __init__(self) -> None:
        self.ran: list[Trial] = []
        self.n_jobs = 0

    def results(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
        """See ``Workers``."""
        for job in jobs:
            _, *group = job.arguments
            self.ran += group
            self.n_jobs += 1
            scores = np.eye(len(LABELS)).tolist()
            yield job, {"trials": [{"result": a_result(trial), "scores": scores} for trial in group]}


class Inline:
    """Workers that work in this process."""

    def results(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
        """See ``Workers``."""
        for job in jobs:
            yield job, job.run()


@pytest.fixture
def apart(places: Places, tmp_path: Path) -> Places:
    """The corpus with a folder for results that nobody else uses."""
    return replace(places, work=tmp_path)


def test_interrupted_run_resumes(apart: Places) -> None:
    """What has a result is not run again, and the rest is."""
    run_all(apart, WANTED[:1], AtOnce(), "first")
    second = AtOnce()
    run_all(apart, WANTED, second, "second")
    assert [result["commit"] for result in results(apart, WANTED).values()] == ["first", "second", "second"]
    assert second.ran == WANTED[1:]


def test_what_shares_a_training_is_one_job(apart: Places) -> None:
    """A row with augmented copies uses the training of the row without; each keeps a result of its own."""
    names = ("own trunk with SimAM", "own trunk with SimAM, TTA", "1-D CNN")
    wanted = [Trial("emodb", name, "apart", fold, 1) for name in names for fold in range(2)]
    workers = AtOnce()
    run_all(apart, wanted, workers, "first")
    assert workers.n_jobs == 4
    assert sorted(workers.ran) == sorted(results(apart, wanted)) == sorted(wanted)


def test_scores_are_stored(apart: Places) -> None:
    """An ensemble finds what its members scored."""
    assert stored(apart, WANTED[0]) is None
    run_all(apart, WANTED[:1], AtOnce(), "first")
    found = stored(apart, WANTED[0])
    assert found is not None
    np.testing.assert_array_equal(found.scores, np.eye(len(LABELS)))
    assert (found.seconds, found.multiply_adds) == (0.1, 48)


def test_top3_of_each_speaker_comes_from_the_scores(
    places: Places, clips: Sequence[Clip], apart: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sums to the result's own top-3; scores of other clips give none, here after one clip has another label."""
    assert clips
    trial = replace(WANTED[0], entry="LR on eight")
    run_all(replace(places, work=apart.work), [trial], Inline(), "first")
    (result,) = results(apart, [trial]).values()
    assert result["top3_hits"].keys() == result["speakers"].keys()
    n_clips = np.sum(list(result["speakers"].values()))
    assert sum(result["top3_hits"].values()) / n_clips == pytest.approx(result["top3"], abs=1e-4)
    changed = tuple(replace(clip, label="sad") for clip in clips)
    monkeypatch.setattr(problems, "clips_of", lambda _name, _places: changed)
    assert "top3_hits" not in results(apart, [trial])[trial]
