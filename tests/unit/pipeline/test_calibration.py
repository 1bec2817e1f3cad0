"""Calibration: how much speech there was, what is refused and in which words, and what it sets."""

import math

import numpy as np
import pytest

from edged.features.logmel import Floats
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.calibration import ENOUGH_S, Calibration
from tests.parts.models.calibrated import (
    FEATURES,
    FLOOR_DBFS,
    FakeCascade,
    adaptation,
    collected,
    sentences,
    sound,
    store,
    windows,
)

__all__ = ["store"]


def test_three_sentences(store: AdaptationStore) -> None:
    """Seconds and sentences are counted, the mean is set, and the words name what was too likely."""
    known = adaptation(store)
    outcome = collected(sentences(3), enough_s=100).outcome(known, FakeCascade())  # type: ignore[arg-type]
    assert outcome.ok
    assert outcome.speech_s == pytest.approx(6, abs=0.2)
    assert outcome.n_sentences == 3
    assert outcome.message.startswith(
        "detected 6.0 s of speech in 3 sentences; flat was 2.3 times too unlikely here, tense was 2.0 "
    )
    assert outcome.change["tense"] == pytest.approx(math.log(2), abs=1e-3)
    assert known.features is not None
    assert known.features.shift == pytest.approx(np.full(64, 10 * 6 / 8), rel=0.05)
    assert known.calibration_s == pytest.approx(6, abs=0.2)
    assert known.calibrated is not None


def test_scores_start_from_scratch(store: AdaptationStore) -> None:
    """What was learned of the scores belongs to other features, and to other ones again when it is taken back."""
    known = adaptation(store)
    assert known.scores is not None
    for change in (
        lambda: collected(sentences(3)).outcome(known, FakeCascade()),  # type: ignore[arg-type]
        known.forget_calibration,
    ):
        known.scores.learn(np.array([0.1, 0.6, 0.2, 0.1], np.float32), 60.0)
        change()
        assert known.scores.speech_s == 0


def test_done_with_enough_speech() -> None:
    """Somebody who speaks on is not kept waiting."""
    calibration = collected(sound((1.0, FLOOR_DBFS), *[(1.5, -30), (0.2, FLOOR_DBFS)] * 30))
    assert calibration.done
    assert calibration.speech_s == pytest.approx(ENOUGH_S, abs=0.6)


def test_done_after_the_limit() -> None:
    """Silence ends it too."""
    calibration = collected(sound((60.0, FLOOR_DBFS)))
    assert calibration.done
    assert calibration.sound_s == pytest.approx(30, abs=0.5)


def test_sound_from_before_the_request_does_not_count(store: AdaptationStore) -> None:
    """The first window is full of speech from before; only what follows is counted."""
    levels = np.concatenate([sound((3.0, -30)), sound((6.0, FLOOR_DBFS))])
    outcome = collected(levels, first=1000).outcome(adaptation(store), FakeCascade())  # type: ignore[arg-type]
    assert not outcome.ok
    assert outcome.speech_s == 0


def test_lost_sound_starts_it_over(store: AdaptationStore) -> None:
    """After a gap only what came behind it counts: the microphone may be another one."""
    calibration = collected(sentences(2), enough_s=100)
    for window in windows(sentences(1), first=5000):
        calibration.add(window, FEATURES if window.speech_dbfs.max() > -50 else None)
    outcome = calibration.outcome(adaptation(store), FakeCascade())  # type: ignore[arg-type]
    assert not outcome.ok
    assert "detected only 2.0 s of speech" in outcome.message


@pytest.mark.parametrize(
    ("levels", "speech", "words"),
    [
        (sound((10.0, -96.0)), False, "only silence or steady noise in 10 s, -96 dBFS at the loudest"),
        (sound((10.0, -20.0)), False, "only silence or steady noise in 10 s, -20 dBFS at the loudest"),
        (sound((5.0, -60.0), (5.0, -20.0)), False, "only noise in 10 s, -20 dBFS at the loudest"),
        (sentences(1, 1.2), True, "detected only 1.2 s of speech in 3 s"),
        (sound((10.0, -40.0), (10.0, -38.0)), True, "speech is only 2 dB above the noise at -40 dBFS"),
    ],
)
def test_refused_in_words(levels: Floats, speech: bool, words: str, store: AdaptationStore) -> None:  # noqa: FBT001 -- a parameter of pytest
    """Silence, noise, too little, too noisy: the reason, what is expected, and that nothing changed."""
    known = adaptation(store)
    outcome = collected(levels, speech=speech, enough_s=100).outcome(known, FakeCascade())  # type: ignore[arg-type]
    assert not outcome.ok
    assert outcome.message.startswith(words)
    assert "expected two or three sentences" in outcome.message
    assert outcome.message.endswith("nothing changed")
    assert known.calibration_s == 0


def test_no_window_at_all(store: AdaptationStore) -> None:
    """A recording that is empty."""
    outcome = Calibration().outcome(adaptation(store), FakeCascade())  # type: ignore[arg-type]
    assert outcome.message.startswith("there was no sound")
