"""Detects another device with the same node, by its ``info`` message.

    info from the broker ──another session, not retained──► name_taken_by, one log line, our own info once more

A retained ``info`` is no conflict: the former device may have been replaced.  One that arrives while we are connected
comes from a running device.  We answer with our own ``info``, at most once a minute, so it detects us too.
"""

import logging
import time
from collections.abc import Callable

import msgspec

from edged.contract.device import Info
from edged.contract.topics import Received
from edged.decoding import MALFORMED

_ANSWER_S = 60.0
_GONE_S = 300.0  # without an info message from the other device

_log = logging.getLogger(__name__)


class NameConflict:
    """Listens to our own ``info`` topic; ``say_again`` publishes our info once more."""

    def __init__(self, topic: str, say_again: Callable[[], None]) -> None:
        self.filters = (topic,)
        self._say_again = say_again
        self._session = ""  # ours, once it is known
        self._other: tuple[str, float] | None = None  # device id of the other, and the monotonic time
        self._answer = False
        self._answered_s = -_ANSWER_S

    def own(self, info: Info) -> None:
        """Remember the info that we publish."""
        self._session = info.session

    @property
    def device_id(self) -> str | None:
        """The other device, if its info arrived within the last five minutes."""
        other = self._other
        return other[0] if other is not None and time.monotonic() - other[1] < _GONE_S else None

    def connected(self) -> None:
        """Nothing to do: the publisher repeats all states."""

    def lost(self) -> None:
        """Nothing to do."""

    def received(self, received: Received) -> None:
        """Take an ``info`` that is neither ours nor retained as a name conflict."""
        if received.topic != self.filters[0] or received.retained or not self._session:
            return
        try:
            info = msgspec.json.decode(received.payload, type=Info)
        except MALFORMED:
            return
        if info.session == self._session:
            return
        if self.device_id is None:
            _log.warning(
                "device %.16r also publishes as node %r: give each device its own node", info.device_id, info.node
            )
        self._other = (info.device_id[:64], time.monotonic())
        self._answer = True

    def tick(self) -> None:
        """Answer, at most once a minute."""
        if self._answer and time.monotonic() - self._answered_s >= _ANSWER_S:
            self._answer, self._answered_s = False, time.monotonic()
            self._say_again()
