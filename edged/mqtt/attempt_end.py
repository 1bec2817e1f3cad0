"""The end of an attempt to connect, or of a connection, to its reason: a state and one line of words.

    CONNACK, SUBACK, errors of sockets, the end of a connection ──► ConnectionState.change, once for each attempt

A refusal also closes the connection, as does a wrong certificate; that closing must not replace the reason.
"""

from collections.abc import Sequence

from edged.config.structs import Mqtt
from edged.mqtt.reasons import TOO_LARGE_WORDS, failure_words, loss_words, refusal_words
from edged.mqtt.security.tls import fault_words
from edged.mqtt.state import ConnectionState, State

_SHORT_S = 60.0  # a connection that ends earlier may have been ended by another client of the same id


class AttemptEnd:
    """Called by paho's thread; ``forget`` comes before each attempt."""

    def __init__(self, mqtt: Mqtt, client_id: str, state: ConnectionState) -> None:
        self._mqtt, self._client_id, self._state = mqtt, client_id, state
        self._explained = False  # the reason for the end of this attempt is logged; its consequences are not
        self._n_short = 0  # connections in a row that ended within _SHORT_S
        self.closed_unanswered = False  # the last connection, before the broker answered CONNECT; TLS is not the cause

    def forget(self) -> None:
        """Another attempt starts."""
        self._explained = False

    def refused(self, reason: str) -> None:
        """The broker refused CONNECT."""
        self._explained = True
        self._state.change(State.REFUSED, refusal_words(reason, self._mqtt))

    def lacking(self, filters: Sequence[str]) -> None:
        """The broker refused subscriptions without which the connection is useless."""
        self._explained = True
        self._state.change(State.REFUSED, f"subscription to {', '.join(filters)} refused")

    def failed(self, fault: BaseException | None) -> None:
        """The socket could not be opened, or not trusted."""
        if words := fault_words(fault, self._mqtt):
            self._state.change(State.UNTRUSTED, words)
        else:
            self._state.change(State.AWAY, failure_words(fault))

    def lost(self, reason: str, fault: BaseException | None, lasted_s: float | None, *, too_large: bool) -> None:
        """The connection ended, ``lasted_s`` after the broker accepted it; None if it had not.

        ``too_large``: at a message that the broker does not take.
        """
        if self._explained:
            return
        self._explained = True
        if words := fault_words(fault, self._mqtt):
            self._state.change(State.UNTRUSTED, words)
            return
        self.closed_unanswered = lasted_s is None
        if lasted_s is not None and not too_large:
            self._n_short = self._n_short + 1 if lasted_s < _SHORT_S else 0
        words = loss_words(reason, self._mqtt, self._client_id, accepted=lasted_s is not None, n_short=self._n_short)
        self._state.change(State.AWAY, TOO_LARGE_WORDS if too_large else words)
