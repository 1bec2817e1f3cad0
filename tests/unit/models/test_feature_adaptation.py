"""The adaptation of the features: what it learns of a place by listening or a calibration, and what it does not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edged.features.logmel import Floats
from edged.models.feature_adaptation import Settings
from tests.parts.models.feature_places import (
    N_FEATURES,
    PRIOR,
    STATISTICS,
    WINDOW_S,
    adaptation,
    calibration,
    listen,
    place,
    statistics,
)


def test_start_changes_nothing() -> None:
    """Without speech there is no shift, no distance and no effect."""
    known = adaptation()
    assert not known.shift.any()
    assert known.corrected(STATISTICS.centre).tolist() == STATISTICS.centre.tolist()
    assert (known.speech_s, known.calibration_s, known.distance, known.effect_by_label) == (0, 0, 0, {})


def test_features_as_they_come_have_a_say() -> None:
    """Evidence is shared out: half of it each is the geometric mean, normalised; by default the corrected have all."""
    corrected, as_it_came = np.array([0.64, 0.16, 0.1, 0.1], np.float32), np.array([0.16, 0.64, 0.1, 0.1], np.float32)
    half = adaptation(statistics(share=0.5))
    assert half.mixes
    assert half.published(corrected, as_it_came) == pytest.approx(np.array([0.32, 0.32, 0.1, 0.1]) / 0.84)
    most = adaptation(statistics(share=0.75)).published(np.stack([corrected] * 2), np.stack([as_it_came, corrected]))
    assert most[0, 0] > most[0, 1] > 0.16
    assert most[1] == pytest.approx(corrected)
    assert adaptation(statistics(share=0.5)).published(np.zeros(4, np.float32), corrected).sum() == pytest.approx(1)
    assert not adaptation().mixes
    assert adaptation().published(corrected, as_it_came) == pytest.approx(corrected)


@pytest.mark.parametrize("shares", [PRIOR, np.full(4, 0.25), np.array([0.7, 0.1, 0.1, 0.1])])
def test_constant_shift_is_removed_in_the_limit(shares: NDArray[np.float64]) -> None:
    """Whatever emotions came, what is left of a place's shift is less than one speaker's spread."""
    known = adaptation()
    listen(known, place(), shares, 1500)
    assert known.shift == pytest.approx(place(), abs=0.35)
    assert known.distance == pytest.approx(np.sqrt(np.mean((place() / 0.5) ** 2)), rel=0.1)


@pytest.mark.parametrize("label", range(4))
def test_one_mood_moves_it_less_than_a_mean_would(label: int) -> None:
    """Minutes of one emotion: a plain mean would move by the whole offset, this by less than a fifth of it."""
    known = adaptation()
    listen(known, np.zeros(N_FEATURES), np.eye(4)[label], 1500)
    assert np.linalg.norm(known.shift) < 0.2 * np.linalg.norm(STATISTICS.offsets[0])


def test_bounded() -> None:
    """However far the features of a place are, none moves by more than ten spreads."""
    known = adaptation()
    listen(known, place(1000.0), PRIOR, 2000)
    assert np.abs(known.shift).max() <= 10 * 0.5
    assert np.abs(known.shift).max() == pytest.approx(5, rel=0.01)


@pytest.mark.parametrize("count", [1, 4, 40])
def test_weight_is_that_of_the_seconds(count: int) -> None:
    """After s seconds, s / (s + caution) of the difference is removed."""
    known = adaptation()
    x = (STATISTICS.centre + STATISTICS.offsets[2]).astype(np.float32)
    for _ in range(count):
        known.learn(x + np.float32(1), np.eye(4, dtype=np.float32)[2], WINDOW_S)
    seconds = count * WINDOW_S
    assert known.shift == pytest.approx(np.full(N_FEATURES, seconds / (seconds + 2)), rel=1e-4)


def test_old_speech_fades() -> None:
    """Another place: after many half-lives only the new one counts, and the seconds stop growing."""
    known = adaptation(half_life_min=1)
    listen(known, place(), PRIOR, 2000)
    listen(known, -place(), PRIOR, 2000, seed=1)
    assert known.shift == pytest.approx(-place(), abs=0.4)
    assert known.speech_s == pytest.approx(60 / np.log(2), rel=0.01)


def test_frozen_and_off() -> None:
    """Frozen keeps the shift and learns nothing; off is not active."""
    known = adaptation()
    listen(known, place(), PRIOR, 100)
    shift = known.shift.copy()
    known.change(Settings(mode="frozen"))
    listen(known, -place(), PRIOR, 100)
    assert known.shift.tolist() == shift.tolist()
    assert known.active
    known.change(Settings(mode="off"))
    assert not known.active


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_window_that_is_not_finite_teaches_nothing(value: float) -> None:
    """Neither features nor scores that are no numbers enter the means."""
    known = adaptation()
    known.learn(np.full(N_FEATURES, value, np.float32), np.full(4, 0.25, np.float32), WINDOW_S)
    known.learn(STATISTICS.centre, np.array([value, 0, 0, 0], np.float32), WINDOW_S)
    assert known.speech_s == 0


def test_scores_of_zero_count_as_the_mixture() -> None:
    """A model without an answer for any emotion leaves the shares at the prior."""
    known = adaptation()
    known.learn(STATISTICS.centre, np.zeros(4, np.float32), WINDOW_S)
    assert np.isfinite(known.shift).all()


def test_calibration_sets_the_mean_at_once() -> None:
    """A minute removes nearly all of a place's shift."""
    known = adaptation()
    known.calibrate(calibration(place()), 60.0)
    assert known.shift == pytest.approx(place(), abs=0.1)
    assert (known.calibration_s, known.speech_s) == (60, 0)


def test_calibration_is_replaced_and_taken_back() -> None:
    """A second one replaces the first; without it the place is what listening made of it."""
    known = adaptation()
    listen(known, place(), PRIOR, 100)
    before = known.shift.copy()
    known.calibrate(calibration(-place()), 6.0)
    known.calibrate(calibration(2 * place()), 6.0)
    assert known.shift[1] > before[1]
    assert known.forget_calibration()
    assert known.shift.tolist() == before.tolist()
    assert not known.forget_calibration()


def test_listening_goes_over_a_calibration() -> None:
    """A calibration in an unusual voice costs minutes, not for ever."""
    known = adaptation()
    known.calibrate(calibration(-place()), 6.0)
    listen(known, place(), PRIOR, 2000)
    assert known.shift == pytest.approx(place(), abs=0.3)


@pytest.mark.parametrize(
    ("x", "seconds"),
    [(np.empty((0, N_FEATURES), np.float32), 1.0), (calibration(place()), 0.0), (calibration(place()) * np.nan, 1.0)],
)
def test_calibration_without_speech_is_refused(x: Floats, seconds: float) -> None:
    """No window, no second or no number: nothing changes."""
    known = adaptation()
    with pytest.raises(ValueError, match="expected finite features of speech"):
        known.calibrate(x, seconds)
    assert not known.shift.any()


def test_effect_is_what_the_correction_takes_from_a_score() -> None:
    """A label that loses half of its score has an effect of log 2; the mean follows over a minute of speech."""
    known = adaptation()
    before, after = np.array([0.5, 0.1, 0.2, 0.2], np.float32), np.array([0.25, 0.35, 0.2, 0.2], np.float32)
    known.observe(before, after, WINDOW_S)
    assert known.effect_by_label == {"angry": 0.693, "happy": -1.253, "neutral": 0, "sad": 0}
    known.observe(after, after, 30)
    assert known.effect_by_label["angry"] == pytest.approx(0.693 / 2, abs=1e-3)
    known.observe(np.full(4, np.nan, np.float32), after, 30)
    assert known.effect_by_label["angry"] == pytest.approx(0.693 / 2, abs=1e-3)
    known.calibrate(calibration(place()), 6.0)
    assert known.effect_by_label == {}
