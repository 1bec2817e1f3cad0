"""The tracker: scores in, episodes out."""

import pytest

from edged.events.smoothing import Kind
from edged.events.tracker import NONE, UNCERTAIN, Began, Ended
from tests.parts.tracked import LABELS, RATE, STRIDE, play, scores, tracker


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
