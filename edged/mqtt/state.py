"""How things stand with the broker: the state, why it is that, and one log line for each change.

    change(state, reason) ──► log, whoever waits, on_change

Another attempt that ends the same way is no news.  Another reason is, where a person has to do something about it.
"""

import enum
import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class State(enum.Enum):
    """How things stand with the broker."""

    STARTING = "no answer yet"
    CONNECTED = "connected"
    AWAY = "out of reach"
    UNTRUSTED = "no trusted connection"
    REFUSED = "refused"
    CLOSED = "closed"


_MENDED_BY_HAND = (State.UNTRUSTED, State.REFUSED)


class ConnectionState:
    """Changed by the thread that speaks with the broker; once ``closing`` is set it stays as it is."""

    def __init__(self, broker: str, on_change: Callable[[State], None]) -> None:
        self._broker = broker
        self._on_change = on_change
        self._changed = threading.Condition()  # held only to set or compare the state
        self.closing = False
        self.state = State.STARTING
        self.reason = State.STARTING.value  # in words, for a person
        self.n_connected = 0  # how often it was reached

    def wait_for(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Whether ``condition`` of it holds, waiting for it at most ``within_s``."""
        with self._changed:
            return self._changed.wait_for(condition, within_s)

    def change(self, state: State, reason: str = "") -> None:
        """It is so from now on."""
        with self._changed:
            if self.closing:
                return
            is_other = state is not self.state
            is_news = is_other or (state in _MENDED_BY_HAND and reason != self.reason)
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
