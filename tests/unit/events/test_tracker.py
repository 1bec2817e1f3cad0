"""The tracker: scores in, episodes out."""

from itertools import count

import msgspec
import numpy as np
import pytest

from edged.config.structs import Config
from edged.events.smoothing import Kind, SmoothingSettings
from edged.events.tracker import NONE, UNCERTAIN, Began, Ended, Tracker, TrackerSettings, tracker_settings
from edged.features.logmel import Floats

LABELS = ("angry", "happy", "neutral")
RATE = 16_000
STRIDE = 8_000


def smoothed(kind: Kind, span: int = 5 * RATE) -> SmoothingSettings:
    """Smoothing without a prior, for emotions that last 8 s."""
    even = np.full(len(LABELS), 1 / len(LABELS), np.float32)
    return SmoothingSettings(kind=kind, span=span, lasts=8 * RATE, stride=STRIDE, expected=even)


def settings(
    smoothing: Kind = "majority", enter_for: dict[str, float] | None = None, **changed: float
) -> TrackerSettings:
    """Round numbers: a span of 5 s, enter at 0.5, at least 1 s, two windows a second."""
    values = {"span": 5 * RATE, "enter": 0.5, "leave": 0.35, "margin": 0.1, "min_duration": RATE, "min_speech": 0.0}
    values |= changed
    return TrackerSettings(
        smoothing=smoothed(smoothing, int(values["span"])),
        enter=values["enter"],
        enter_for=enter_for or {},
        leave=values["leave"],
        margin=values["margin"],
        min_duration=int(values["min_duration"]),
        min_speech=values["min_speech"],
    )


def tracker(smoothing: Kind = "majority", enter_for: dict[str, float] | None = None, **changed: float) -> Tracker:
    """A tracker with these settings."""
    return Tracker(LABELS, settings(smoothing, enter_for, **changed))


def scores(label: str, confidence: float = 0.8) -> Floats:
    """``confidence`` for the label, the rest divided equally."""
    rest = (1 - confidence) / (len(LABELS) - 1)
    return np.array([confidence if name == label else rest for name in LABELS], np.float32)


def play(tracked: Tracker, *labels: str | None, start: int = 0) -> list[tuple[int, Began | Ended]]:
    """Feed one window per stride, None without speech; returns each change with its window's number."""
    changes: list[tuple[int, Began | Ended]] = []
    for index, label in zip(count(start), labels, strict=False):
        window = None if label is None else scores(label)
        changes += [
            (index, change) for change in tracked.update(index * STRIDE, label, window, discontinuous=index == 0)
        ]
    return changes


def test_episode_begins_after_min_duration() -> None:
    """An episode starts after one second of a label, dated to the first of those windows."""
    changes = play(tracker(), "angry", "angry", "angry", "angry")
    assert [index for index, _ in changes] == [2]
    began = changes[0][1]
    assert isinstance(began, Began)
    assert (began.label, began.start, began.previous) == ("angry", 0, None)
    assert began.scores == pytest.approx(scores("angry"))


@pytest.mark.parametrize("smoothing", ["bayesian", "majority"])
def test_share_is_what_the_thresholds_are_compared_with(smoothing: Kind) -> None:
    """An episode starts at ``enter`` and fades below ``leave``; its state has the share in between."""
    tracked = tracker(smoothing, enter=0.6, leave=0.5)
    began: Began | None = None
    faded = False
    for index, label in enumerate(["angry"] * 16 + ["happy", "neutral"] * 16):
        for change in tracked.update(index * STRIDE, label, scores(label, 0.95), discontinuous=False):
            if isinstance(change, Began) and began is None:
                began = change
                assert change.share >= 0.6
            elif isinstance(change, Ended) and change.reason == "faded":
                assert change.share < 0.5
                faded = True
        state = tracked.state
        assert state.shares is not None
        if state.emotion == "angry":
            assert state.shares[LABELS.index("angry")] >= 0.5
    assert began is not None
    assert faded
    tracked.stop()
    assert tracked.state.shares is None


def test_sounds_now_and_then_make_no_episode() -> None:
    """A slamming door does not hold a label until the next slam."""
    now_and_then = ["angry", None, None, None] * 30
    assert [type(change) for _, change in play(tracker(), *now_and_then)] == [Began]
    assert play(tracker(min_speech=0.8), *now_and_then) == []


def test_pauses_that_are_few_do_not_hinder_an_episode() -> None:
    """Speech in four of five windows is just enough; skipped windows do not count as silence."""
    tracked = tracker(min_speech=0.8, min_duration=2 * RATE)
    ((index, began),) = play(tracked, "angry", "angry", None, "angry", "angry")
    assert isinstance(began, Began)
    assert (index, began.start) == (4, 0)
    overloaded = tracker(min_speech=0.8, min_duration=2 * RATE)
    changes = [overloaded.update(at * RATE, "angry", scores("angry"), discontinuous=at == 0) for at in range(3)]
    assert [len(some) for some in changes] == [0, 0, 1]


def test_episode_fades_below_leave() -> None:
    """The episode ends in the window whose share falls below ``leave``."""
    tracked = tracker(span=4 * STRIDE, min_duration=STRIDE, enter=0.9)
    changes = play(tracked, *["angry"] * 4, "happy", "neutral", "happy", "neutral")
    assert [(index, type(change).__name__) for index, change in changes] == [(1, "Began"), (6, "Ended")]
    ended = changes[1][1]
    assert isinstance(ended, Ended)
    assert (ended.reason, ended.start, ended.end) == ("faded", 0, 5 * STRIDE)
    assert tracked.state.emotion == UNCERTAIN


def test_another_label_replaces_the_episode() -> None:
    """The first episode ends before the second starts, and the second names the first."""
    changes = play(tracker(leave=0.0), *["angry"] * 6, *["happy"] * 12)
    kinds = [(type(change).__name__, change.label) for _, change in changes]
    assert kinds == [("Began", "angry"), ("Ended", "angry"), ("Began", "happy")]
    assert isinstance(changes[1][1], Ended)
    assert changes[1][1].reason == "replaced"
    assert isinstance(changes[2][1], Began)
    assert changes[2][1].previous == "angry"


def test_silence_ends_the_episode_after_a_span() -> None:
    """Without speech an episode ends after the span, dated to the last window with speech."""
    tracked = tracker()
    changes = play(tracked, *["angry"] * 4, *[None] * 12)
    ended = changes[-1][1]
    assert isinstance(ended, Ended)
    assert (changes[-1][0], ended.reason, ended.end) == (13, "silence", 3 * STRIDE)
    assert (tracked.state.emotion, tracked.state.scores) == (NONE, None)


def test_short_pause_keeps_the_episode() -> None:
    """A pause shorter than the span changes nothing."""
    changes = play(tracker(), *["angry"] * 4, *[None] * 6, *["angry"] * 4)
    assert [type(change).__name__ for _, change in changes] == ["Began"]


def test_discontinuity_starts_anew() -> None:
    """Lost sound ends the episode, and earlier windows no longer count."""
    tracked = tracker()
    play(tracked, *["angry"] * 4)
    changes = tracked.update(100 * STRIDE, "happy", scores("happy"), discontinuous=True)
    assert [(change.label, change.reason) for change in changes if isinstance(change, Ended)] == [
        ("angry", "discontinuity")
    ]
    assert tracked.state.emotion == UNCERTAIN
    later = play(tracked, "happy", "happy", start=101)
    assert [change.label for _, change in later] == ["happy"]


def test_no_label_with_margin_is_uncertain() -> None:
    """Speech with two equally frequent labels is uncertain and starts no episode."""
    tracked = tracker(enter=0.4, margin=0.2)
    assert not play(tracked, *["angry", "happy"] * 8)
    assert tracked.state.emotion == UNCERTAIN
    assert tracked.state.speech


def test_one_outlier_does_not_flicker() -> None:
    """A single deviating window neither ends nor starts an episode."""
    changes = play(tracker(), *["angry"] * 8, "happy", *["angry"] * 8)
    assert [type(change).__name__ for _, change in changes] == ["Began"]


def test_stop_ends_the_running_episode_once() -> None:
    """Stopping ends the current episode once."""
    tracked = tracker()
    play(tracked, *["angry"] * 4)
    assert [(ended.label, ended.reason) for ended in tracked.stop()] == [("angry", "stopped")]
    assert not tracked.stop()
    assert tracked.state.emotion == NONE


def test_end_carries_mean_and_peak() -> None:
    """The mean covers all windows of the episode, the peak is the best of them."""
    tracked = tracker(min_duration=STRIDE)
    for index, confidence in enumerate((0.6, 0.7, 0.9, 0.8)):
        tracked.update(index * STRIDE, "angry", scores("angry", confidence), discontinuous=False)
    (ended,) = tracked.stop()
    assert ended.peak == pytest.approx(0.9)
    assert float(ended.scores[0]) == pytest.approx(0.75)


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


def test_dimensions_are_means_over_the_same_windows() -> None:
    """Of the start over the deciding windows, of the end over the whole episode."""
    followed = tracker(min_duration=RATE)
    changes: list[Began | Ended] = []
    for number in range(12):
        degree = 0.2 if number < 3 else 0.8
        changes += followed.update(
            number * STRIDE, "angry", scores("angry"), discontinuous=False, dimensions={"arousal": degree}
        )
    changes += followed.stop()
    began, ended = changes
    assert began.dimensions == {"arousal": pytest.approx(0.2)}
    assert ended.dimensions == {"arousal": pytest.approx((3 * 0.2 + 9 * 0.8) / 12)}
