"""The largest packet that the broker takes: by its own word, by its answers, or because it closes the connection.

    CONNACK: Maximum Packet Size (MQTT 5)                              ──┐
    PUBACK: Packet too large (MQTT 5)                                    ├──► max_bytes ──► fits(topic, n_bytes)
    lost twice, each time soon after the same large packet             ──┘

A broker with a limit closes the connection when a larger packet arrives.  A message that is sent again after each
reconnect would keep the device off that broker forever, so it is left out, named once in the log and listed in
``health``.  A broker answers in the order in which it receives, so the packet that made it close has no answer, or the
last one: mosquitto 2.0.11 with ``message_size_limit`` acknowledges before it closes.  A limit that was only inferred is
forgotten after a day, since the broker's config may have changed; two losses a day do no harm.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SOON_S = 5.0  # from a packet to the loss that it causes; a broker closes within milliseconds …
_AT_ONCE_S = 0.5  # … and if it acknowledged the packet, right behind that
_MANY = 2  # losses in a row
_MIN_BYTES = 200  # no broker has a limit below that; the packet that connects has as many
_FORGET_S = 86_400.0
_MAX_SENT = 1000  # packets without an answer that are remembered
_MAX_NAMED = 100  # topics

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Sent:
    """A packet on its way."""

    topic: str
    n_bytes: int
    qos: int
    at_s: float
    mid: int | None = None  # once it is known


class SizeLimit:
    """The limit of one broker, for the life of the process.

    ``sending`` and ``sent`` are called under the connection's lock for sending, all else by paho's thread.  The threads
    share only single operations on a deque and two sets, which are atomic in Python.
    """

    def __init__(self, broker: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._broker = broker
        self._clock = clock
        self._stated: int | None = None  # by the broker, for this connection
        self._seen: int | None = None
        self._seen_s = 0.0
        self._sent: deque[Sent] = deque(maxlen=_MAX_SENT)  # in order, since the newest that was acknowledged
        self._acknowledged: set[int] = set()  # mids of them
        self._acknowledged_s = 0.0  # when the newest came
        self._refused: set[int] = set()  # mids of those that are too large by the broker's word
        self._suspect = ("", 0)  # topic of the largest packet at the last loss, and how often that was so in a row
        self._named: dict[str, int] = {}  # bytes by topic, of what was left out last

    @property
    def max_bytes(self) -> int | None:
        """The largest packet that the broker takes; None if no limit is stated or inferred."""
        return min((limit for limit in (self._stated, self._seen) if limit is not None), default=None)

    @property
    def left_out(self) -> list[str]:
        """Topics whose newest message was too large."""
        return sorted(self._named)

    def fits(self, topic: str, n_bytes: int) -> bool:
        """Whether the broker takes a packet of ``n_bytes``, as far as is known; if not, the log names it once."""
        limit = self.max_bytes
        if limit is None or n_bytes <= limit:
            self._named.pop(topic, None)
            return True
        if topic not in self._named and len(self._named) < _MAX_NAMED:
            self._named[topic] = n_bytes
            words = "%s: a message of %d bytes on %s is left out, the broker takes at most %d"
            _log.warning(words, self._broker, n_bytes, topic, limit)
        return False

    def connected(self, stated: int | None) -> None:
        """A connection begins; ``stated`` is the limit that its broker states, if any."""
        self._forget_sent()
        self._stated = stated
        if self._seen is not None and self._clock() - self._seen_s >= _FORGET_S:
            self._seen = None

    def sending(self, topic: str, n_bytes: int, qos: int) -> Sent:
        """A packet is about to be sent; of the answered packets before it only the newest is remembered."""
        for _ in range(self._last_answered(tuple(self._sent))):
            answered = self._sent.popleft()
            self._acknowledged.discard(answered.mid or 0)
            if answered.topic == self._suspect[0]:
                self._suspect = ("", 0)
        packet = Sent(topic, n_bytes, qos, self._clock())
        self._sent.append(packet)
        return packet

    def sent(self, packet: Sent, mid: int | None) -> None:
        """It was sent as ``mid``, or not at all."""
        packet.mid = mid
        if mid in self._refused:  # its answer was faster than this
            self.refused(packet.topic, packet.n_bytes)

    def acknowledged(self, mid: int, *, too_large: bool = False) -> None:
        """The broker answered; ``too_large`` is its reason, with MQTT 5."""
        self._acknowledged.add(mid)
        self._acknowledged_s = self._clock()
        if too_large:
            self._refused.add(mid)
            for packet in [one for one in tuple(self._sent) if one.mid == mid]:
                self.refused(packet.topic, packet.n_bytes)

    def refused(self, topic: str, n_bytes: int) -> None:
        """The broker does not take a packet of ``n_bytes`` on ``topic``."""
        self._seen = n_bytes - 1 if self._seen is None else min(self._seen, n_bytes - 1)
        self._seen_s = self._clock()
        self.fits(topic, n_bytes)

    def lost(self) -> bool:
        """The connection ended; whether a packet that is now known to be too large was the cause."""
        now_s, suspects = self._clock(), list(self._sent)
        suspects = suspects[self._last_answered(suspects) :]
        if suspects and self._is_answered(suspects[0]) and now_s - self._acknowledged_s > _AT_ONCE_S:
            suspects.pop(0)
        self._forget_sent()
        suspects = [one for one in suspects if now_s - one.at_s <= _SOON_S and one.n_bytes >= _MIN_BYTES]
        if not suspects:
            self._suspect = ("", 0)
            return False
        largest = max(suspects, key=lambda one: one.n_bytes)
        count = self._suspect[1] + 1 if largest.topic == self._suspect[0] else 1
        if count < _MANY:
            self._suspect = (largest.topic, count)
            return False
        self._suspect = ("", 0)
        self.refused(largest.topic, largest.n_bytes)
        return True

    def _last_answered(self, packets: Sequence[Sent]) -> int:
        """Index of the newest that the broker answered; 0 where there is none."""
        return max((at for at, one in enumerate(packets) if self._is_answered(one)), default=0)

    def _is_answered(self, packet: Sent) -> bool:
        """By the broker: for QoS 0 there is no answer but the one to a later packet."""
        return packet.qos > 0 and packet.mid in self._acknowledged

    def _forget_sent(self) -> None:
        self._sent.clear()
        self._acknowledged.clear()
        self._refused.clear()
