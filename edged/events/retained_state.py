"""When the retained state is published: at each change, and from time to time as its confidence moves.

    Tracker after each window ──► RetainedState.due ──► the state to publish, or None

Home Assistant's recorder stores every message, so small moves of the confidence wait.
"""

from collections.abc import Callable

from edged.events.tracker import State, Tracker

_REFRESH_S = 5.0  # the retained state follows its scores at most this often …
_REFRESH_STEP = 0.05  # … and only if the confidence has moved this far


class RetainedState:
    """The last state that was published, and when; ``confidence`` is that of a state, in [0, 1]."""

    def __init__(self, confidence: Callable[[State], float]) -> None:
        self._confidence = confidence
        self._last: State | None = None
        self._published_s = 0.0  # monotonic
        self.speech_changed = False  # between the last two states

    def due(self, tracker: Tracker, now_s: float) -> State | None:
        """The state that is to be published now, which then counts as published; None while the last one will do."""
        last = self._last
        same = last is not None and (last.emotion, last.speech) == tracker.shown
        if same and now_s - self._published_s < _REFRESH_S:  # most windows: means over the span are not needed
            return None
        state = tracker.state
        if last is not None and same and abs(self._confidence(last) - self._confidence(state)) < _REFRESH_STEP:
            return None
        self.speech_changed = last is None or last.speech != state.speech
        self._last, self._published_s = state, now_s
        return state
