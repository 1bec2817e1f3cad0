"""Another device under the same name, as it shows itself by its ``info``.

    info of the broker ──another session, just now──► name_taken_by, one log line, our own info once more

A retained ``info`` of before is no twin: the device may have been replaced.  One that comes while we are connected is
of a device that lives; it hears of us in the same way, since we answer with our own, at most once a minute.
"""

import logging
import time
from collections.abc import Callable

import msgspec

from edged.contract.payloads import Info
from edged.contract.topics import Received

_ANSWER_S = 60.0
_GONE_S = 300.0  # without a word from it

_log = logging.getLogger(__name__)


class NameConflict:
    """Listens on our own ``info``; ``say_again`` publishes it once more."""

    def __init__(self, topic: str, say_again: Callable[[], None]) -> None:
        self.filters = (topic,)
        self._say_again = say_again
        self._session = ""  # of ourselves, once known
        self._heard: tuple[str, float] | None = None  # device id and when, monotonic
        self._answer = False
        self._answered_s = -_ANSWER_S

    def own(self, info: Info) -> None:
        """This is what we publish."""
        self._session = info.session

    @property
    def device_id(self) -> str | None:
        """Of the other device, heard within the last five minutes."""
        heard = self._heard
        return heard[0] if heard is not None and time.monotonic() - heard[1] < _GONE_S else None

    def connected(self) -> None:
        """Nothing to do: what is kept is published anew by itself."""

    def lost(self) -> None:
        """Nothing to do: a twin may be heard again at any time."""

    def received(self, received: Received) -> None:
        """An ``info`` that is not ours and was not kept by the broker tells of a twin."""
        if received.topic != self.filters[0] or received.retained or not self._session:
            return
        try:
            info = msgspec.json.decode(received.payload, type=Info)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if info.session == self._session:
            return
        if self.device_id is None:
            _log.warning(
                "device %.16r publishes as node %r too: give each device a node of its own", info.device_id, info.node
            )
        self._heard = (info.device_id[:64], time.monotonic())
        self._answer = True

    def tick(self) -> None:
        """Answers, now and then."""
        if self._answer and time.monotonic() - self._answered_s >= _ANSWER_S:
            self._answer, self._answered_s = False, time.monotonic()
            self._say_again()
