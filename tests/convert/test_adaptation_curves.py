"""The curves: what is learned from is never judged, and a place that is pushed to one side is put right."""

import numpy as np
import pytest

from convert.card.tables import heard_tables
from convert.corpora import LABELS
from convert.evaluate import adaptation_curves
from convert.evaluate.adaptation_curves import Homes
from convert.score.calibration import mean_moods
from convert.score.clip_scores import Heard
from edged.features.logmel import Floats
from tests.convert.test_calibration import heard, manifest

N_CLIPS, N_SPEAKERS = 240, 4
RNG = np.random.default_rng(5)
TRUTH = np.repeat(np.arange(len(LABELS)), N_CLIPS // len(LABELS))
SPEAKERS = np.array([f"S{n % N_SPEAKERS}" for n in range(N_CLIPS)])


def answers(push: float) -> list[Floats]:
    """One window a clip, the true label ahead in noise, and everywhere ``push`` more on the first label."""
    logits = RNG.normal(0, 1, (N_CLIPS, len(LABELS)))
    logits[np.arange(N_CLIPS), TRUTH] += 2
    logits[:, 0] += push
    shares = np.exp(logits)
    return list(np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)[:, None])


def place(push: float = 0.0) -> Homes:
    """Four speakers with ten clips of 3 s of each label."""
    return Homes(LABELS, answers(push), [3.0] * N_CLIPS, TRUTH, SPEAKERS)


def table() -> dict[str, tuple[float, ...]]:
    """That of speakers whom nothing pushes."""
    logs = np.array([np.log(answer[0]) for answer in answers(0.0)])
    return {label: tuple(logs[number == TRUTH].mean(axis=0)) for number, label in enumerate(LABELS)}


def test_pushed_place_is_put_right() -> None:
    """UAR rises with what is heard where a constant stood in the way."""
    found = adaptation_curves.figures(place(2.0), lambda _speaker: table())
    for row in found["mixtures"].values():
        assert row["300"] > row["0"] + 0.02
    assert found["two_speakers"]["300"] > found["two_speakers"]["0"]
    assert found["hour_of"].keys() == set(LABELS)


def test_halves_are_disjoint() -> None:
    """No clip is on both sides of a trial, all of the speaker's are on one, and each trial draws anew."""
    seen = set()
    for speaker, _, learn, judge in adaptation_curves._trials(place()):  # noqa: SLF001 -- what the figures stand on
        assert not set(learn) & set(judge)
        assert sorted([*learn, *judge]) == np.flatnonzero(speaker == SPEAKERS).tolist()
        seen.add(tuple(sorted(learn)))
    assert len(seen) > N_SPEAKERS


@pytest.mark.parametrize(("prior_distribution", "share"), [("neutral", 0.7), ("angry", 0.7), ("balanced", 1 / 6)])
def test_stream_keeps_the_mixture(prior_distribution: str, share: float) -> None:
    """70 % of the mood that is named, or all alike."""
    drawn = adaptation_curves.stream(place(), np.arange(N_CLIPS), prior_distribution, np.random.default_rng(1))
    found = [TRUTH[next(drawn)] for _ in range(4000)]
    place_of = LABELS.index(prior_distribution if share > 0.5 else "angry")
    assert np.mean(np.array(found) == place_of) == pytest.approx(share, abs=0.03)


def test_stream_of_a_corpus_without_the_mood() -> None:
    """It is left out, the others alike; a single mood alone is all there is."""
    clips = np.flatnonzero(LABELS.index("neutral") != TRUTH)
    drawn = adaptation_curves.stream(place(), clips, "neutral", np.random.default_rng(1))
    found = np.bincount([TRUTH[next(drawn)] for _ in range(3000)], minlength=len(LABELS)) / 3000
    assert found.max() == pytest.approx(0.2, abs=0.03)
    only = adaptation_curves.stream(place(), np.flatnonzero(TRUTH == 0), "angry", np.random.default_rng(1))
    assert {TRUTH[next(only)] for _ in range(20)} == {0}


def test_moods_are_means_of_speakers() -> None:
    """Each speaker counts alike, however many clips; one left out counts not at all; half a table is none."""
    windows = heard()
    scores = np.full((len(windows.owner), len(LABELS)), 0.1, np.float32)
    loud = np.array([windows.clips[owner].speaker == "S0" for owner in windows.owner])
    scores[loud] = 0.5
    found = mean_moods(manifest(), scores, windows)
    assert found["angry"][0] == pytest.approx((np.log(0.5) + 5 * np.log(0.1)) / 6, abs=1e-3)
    assert mean_moods(manifest(), scores, windows, "S0")["angry"][0] == pytest.approx(np.log(0.1), abs=1e-3)
    few = [clip for clip in windows.clips if clip.label != "sad"]
    assert mean_moods(manifest(), scores[: len(few)], Heard(few, windows.images, np.arange(len(few)))) == {}


def test_tables_tell_all() -> None:
    """Every mark, mixture and mood has its place."""
    text = heard_tables({"ravdess": adaptation_curves.figures(place(), lambda _speaker: table())})
    for told in ("RAVDESS | 70 % neutral", "1800 s", "Two speakers", "| RAVDESS | sad |"):
        assert told in text
