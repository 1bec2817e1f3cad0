"""The tracker's settings: where they come from, thresholds of one label, and a change while it runs."""

import msgspec
import numpy as np
import pytest

from edged.config.structs import Config
from edged.events.smoothing import Kind
from edged.events.tracker import Began, Ended, tracker_settings
from tests.parts.tracked import LABELS, RATE, STRIDE, play, settings, tracker


def test_change_keeps_the_running_episode() -> None:
    """New thresholds apply from the next window; the episode keeps its start."""
    tracked = tracker(span=8 * STRIDE)
    assert [type(change) for _, change in play(tracked, *["angry"] * 8)] == [Began]
    tracked.change(settings(span=8 * STRIDE, enter=0.9, leave=0.8))
    ((index, ended),) = play(tracked, "angry", "happy", "happy", start=8)
    assert isinstance(ended, Ended)
    assert (index, ended.start, ended.reason) == (10, 0, "faded")


@pytest.mark.parametrize(("before", "after"), [("majority", "bayesian"), ("bayesian", "majority")])
def test_change_of_smoothing_keeps_the_windows_so_far(before: Kind, after: Kind) -> None:
    """After a change of smoothing a single deviating window does not end a long episode."""
    tracked = tracker(before)
    assert len(play(tracked, *["angry"] * 10)) == 1
    tracked.change(settings(after))
    assert play(tracked, "happy", start=10) == []


def test_label_with_a_threshold_of_its_own_enters_by_that() -> None:
    """Three of four windows are enough for labels that enter at 0.5, not for one that enters at 0.9."""
    strict = {"angry": 0.9}
    assert play(tracker(enter_for=strict), *["neutral", "angry", "angry", "angry"] * 4) == []
    happy = play(tracker(enter_for=strict), *["neutral", "happy", "happy", "happy"] * 4)
    assert [change.label for _, change in happy][:1] == ["happy"]


def test_label_that_enters_lower_than_the_others_leave_does_not_flicker() -> None:
    """A label with a threshold below ``leave`` gets a lower ``leave``, so its episodes do not end at once."""
    tracked = tracker(enter_for={"angry": 0.2}, leave=0.5, margin=0.0, min_duration=0)
    changes = play(tracked, *["angry", "happy", "neutral"] * 6)  # after two windows angry has at most half
    assert [(index, type(change)) for index, change in changes] == [(0, Began)]


def test_the_config_reaches_the_tracker() -> None:
    """The tracker also uses keys of other sections: stride and expected emotions."""
    changed = {
        "models": {"stride_s": 0.992},
        "baseline": {"expected": {"happy": 0.5, "angry": 0.5}},
        "tracker": {
            "lasts_s": 7,
            "span_s": 3,
            "min_duration_s": 2,
            "smoothing": "majority",
            "enter_for": {"happy": 0.4},
        },
    }
    converted = tracker_settings(msgspec.convert(changed, Config), LABELS)
    smoothing = converted.smoothing
    assert (smoothing.kind, smoothing.stride, smoothing.lasts) == ("majority", 15_872, 7 * RATE)
    assert (smoothing.span, converted.min_duration, converted.enter_for) == (3 * RATE, 2 * RATE, {"happy": 0.4})
    np.testing.assert_allclose(smoothing.expected, [0.5, 0.5, 0.0])
    usual = tracker_settings(Config(), LABELS).smoothing
    assert (usual.kind, usual.stride) == ("bayesian", 7936)
    np.testing.assert_allclose(usual.expected, [0.15, 0.15, 0.7])
