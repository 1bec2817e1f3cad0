"""The state of the connection, the reason for it, and one log line per change.

    change(state, reason) ──► log, waiting threads, on_change

Another failed attempt is logged only if a person has to act and the reason is a new one.
"""

import enum
import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class State(enum.Enum):
    """State of the connection to the broker."""

    STARTING = "no answer yet"
    CONNECTED = "connected"
    AWAY = "out of reach"
    UNTRUSTED = "no trusted connection"
    REFUSED = "refused"
    CLOSED = "closed"


_NEEDS_ACTION = (State.UNTRUSTED, State.REFUSED)


class ConnectionState:
    """Changed by the thread that talks to the broker; once ``closing`` is set, it no longer changes."""

    def __init__(self, broker: str, on_change: Callable[[State], None]) -> None:
        self._broker = broker
        self._on_change = on_change
        self._changed = threading.Condition()  # held only to set or compare the state
        self.closing = False
        self.state = State.STARTING
        self.reason = State.STARTING.value  # in words
        self.n_connected = 0  # number of connections

    def wait_for(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Whether ``condition`` holds, waiting at most ``within_s`` for it."""
        with self._changed:
            return self._changed.wait_for(condition, within_s)

    def change(self, state: State, reason: str = "") -> None:
        """Set the state; ``reason`` says why, in words."""
        with self._changed:
            if self.closing:
                return
            is_other = state is not self.state
            is_news = is_other or (state in _NEEDS_ACTION and reason != self.reason)
            if is_other and state is State.CONNECTED:
                self.n_connected += 1
            self.state, self.reason = state, reason or state.value
            self._changed.notify_all()
        if is_news:
            if state is State.CONNECTED:
                _log.info("%s: connected", self._broker)
            else:
                _log.warning("%s: %s (%s), trying again", self._broker, state.value, reason)
        if is_other:
            self._on_change(state)
