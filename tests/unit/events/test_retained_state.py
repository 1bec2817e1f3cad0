"""When the retained state is published, with a real tracker."""

import numpy as np
import pytest

from edged.config.structs import Config
from edged.events.retained_state import RetainedState
from edged.events.tracker import State, Tracker, tracker_settings
from edged.features.logmel import Floats

LABELS = ("angry", "neutral")
STRIDE = 7936


def confidence(state: State) -> float:
    """The greatest score."""
    return 0.0 if state.scores is None else float(state.scores.max())


def scores(angry: float) -> Floats:
    """Scores of a window, (n_labels,)."""
    return np.array([angry, 1 - angry], np.float32)


@pytest.fixture
def tracker() -> Tracker:
    """A tracker that has seen nothing."""
    return Tracker(LABELS, tracker_settings(Config(), LABELS))


def speak(tracker: Tracker, window: int, angry: float) -> None:
    """A window with speech, too few of them for an episode."""
    tracker.update(window * STRIDE, "neutral", scores(angry), discontinuous=False)


def test_first_state_is_due(tracker: Tracker) -> None:
    """Speech is news too where there was nothing before."""
    retained = RetainedState(confidence)
    assert retained.due(tracker, 1000.0) == tracker.state
    assert retained.speech_changed
    assert retained.due(tracker, 1000.0) is None


def test_change_is_due_at_once(tracker: Tracker) -> None:
    """Speech begins; with its second window nothing has changed."""
    retained = RetainedState(confidence)
    retained.due(tracker, 0.0)
    speak(tracker, 1, 0.4)
    state = retained.due(tracker, 0.1)
    assert state is not None
    assert (state.emotion, state.speech, retained.speech_changed) == ("uncertain", True, True)
    speak(tracker, 2, 0.4)
    assert retained.due(tracker, 0.2) is None


@pytest.mark.parametrize(("angry", "due"), [(0.4, False), (0.37, False), (0.2, True)])
def test_moved_confidence_is_due_after_five_seconds(tracker: Tracker, angry: float, *, due: bool) -> None:
    """A mean that moved from 0.6 to 0.615 waits on, one that moved to 0.7 is published, neither before its time."""
    retained = RetainedState(confidence)
    speak(tracker, 1, 0.4)
    retained.due(tracker, 0.0)
    speak(tracker, 2, angry)
    assert retained.due(tracker, 4.9) is None
    assert (retained.due(tracker, 5.0) is not None) == due
    assert retained.speech_changed == (not due)
