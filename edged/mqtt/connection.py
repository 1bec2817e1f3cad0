"""The connection to the broker: topics and payloads out, acknowledgements and messages in.

    send(topic, payload) ──► mid ──► client ──► broker ──► on_acknowledged(mid)
                                                       └─► on_received(Received)

``connected`` means more than an open socket: the broker has proved its identity, accepted CONNECT, and acknowledged
``online`` and the required subscriptions.  Nothing is sent before that.  A mid is valid for one connection.  Before the
next one, paho's unacknowledged messages are dropped so that paho does not repeat them; the sender sends them again.

The wait before the next attempt is set when an attempt starts: both limits of paho's delay become the time that
``Backoff`` gives, because paho's own doubling has no jitter.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Self

from edged.config.structs import Mqtt
from edged.contract.fields import Trust
from edged.contract.topics import OFFLINE, ONLINE, Received
from edged.errors import counted
from edged.host.backoff import Backoff
from edged.mqtt.attempt_end import AttemptEnd
from edged.mqtt.client import TOO_LARGE, Callbacks, MqttClient
from edged.mqtt.security.opening import credentials
from edged.mqtt.security.tls import trust
from edged.mqtt.size_limit import SizeLimit
from edged.mqtt.state import ConnectionState, State
from edged.mqtt.subscriptions import Subscription, Subscriptions

CLOSE_S = 2.0  # for all of closing
_FIRST_S, _LONGEST_S = 1.0, 120.0  # between two attempts to connect

_log = logging.getLogger(__name__)


class Connection:
    """Opened and closed by ``with``; an absent broker is a state, not an error.

    ``availability`` is a topic that says ``while_connected`` while that is so, else ``offline``, by will or on closing.
    ``subscriptions`` are topic filters; a plain string is a required one.  The callbacks run in paho's thread, some
    under its locks: they must not block, and only the one before each connection may take a lock held while sending.
    """

    def __init__(  # noqa: PLR0913 -- callbacks, passed by name
        self,
        mqtt: Mqtt,
        client_id: str,
        *,
        availability: str = "",
        while_connected: str = ONLINE,
        subscriptions: Sequence[Subscription | str] = (),
        on_change: Callable[[State], None] = lambda _state: None,
        on_acknowledged: Callable[[int], None] = lambda _mid: None,
        on_received: Callable[[Received], None] = lambda _received: None,
    ) -> None:
        self._mqtt = mqtt
        self._broker = f"broker {mqtt.host}:{mqtt.tcp_port}"
        self._connection_state = ConnectionState(self._broker, on_change)
        self._availability, self._while_connected = availability, while_connected.encode()
        self._subscriptions = Subscriptions(subscriptions)
        self._on_acknowledged = on_acknowledged
        self._backoff = Backoff(_FIRST_S, _LONGEST_S)
        self._accepted_s: float | None = None  # monotonic; None until the broker accepts this attempt
        self.end = AttemptEnd(mqtt, client_id, self._connection_state)
        self._sending = threading.Lock()  # so that a send ends before the next connection starts
        self._max_unanswered = self._n_sent = self._n_answered = 0  # since the broker accepted this attempt
        self._online_mid: int | None = None  # until it is acknowledged
        self._subscribe_mid: int | None = None
        self._asked = self._subscriptions  # by SUBSCRIBE of this attempt
        self.refusal = ""  # reason for the last message that the broker refused; MQTT 5 only
        callbacks = Callbacks(
            attempting=self._attempting,
            accepted=self._accepted,
            refused=self.end.refused,
            failed=self.end.failed,
            lost=self._lost,
            acknowledged=self._acknowledged,
            subscribed=self._subscribed,
            received=on_received,
        )
        self._client = MqttClient(
            mqtt, client_id, callbacks, (availability, OFFLINE.encode()) if availability else None
        )
        self.size_limit = SizeLimit(self._broker)

    @property
    def state(self) -> State:
        """State of the connection."""
        return self._connection_state.state

    @property
    def reason(self) -> str:
        """The state in words."""
        return self._connection_state.reason

    @property
    def connected(self) -> bool:
        """Whether the broker accepts messages now."""
        return self.state is State.CONNECTED

    @property
    def reconnects(self) -> int:
        """Number of connections after the first."""
        return max(0, self._connection_state.n_connected - 1)

    @property
    def faults(self) -> int:
        """Exceptions caught in callbacks."""
        return self._client.faults

    @property
    def tls(self) -> Trust:
        """Whether the broker's certificate is checked."""
        return trust(self._mqtt)

    @property
    def refused_subscriptions(self) -> tuple[str, ...]:
        """The optional filters that the broker refused at the last attempt."""
        return self._asked.refused

    def __enter__(self) -> Self:
        """Start to connect, in paho's thread, for as long as it takes.

        Raises:
            ConfigError: a file named in the config cannot be used, or the host is not a valid name.
        """
        self._client.start(*credentials(self._mqtt, self._broker))
        return self

    def __exit__(self, *_fault: object) -> None:
        """Close within two seconds."""
        self.close(time.monotonic() + CLOSE_S)

    def send(
        self, topic: str, payload: bytes, qos: int, *, retained: bool, expiry_s: float | None = None
    ) -> int | None:
        """Hand over one message; its mid, or None if the broker does not take it now, or is known never to take it.

        ``expiry_s`` is how long the message is of use; only MQTT 5 has a field for it.
        """
        with self._sending:
            window_is_full = self._n_sent - self._n_answered >= self._max_unanswered
            if not self.connected or self._connection_state.closing or window_is_full:
                return None
            n_bytes = self._client.packet_bytes(topic, payload, qos, expiry_s)
            if not self.size_limit.fits(topic, n_bytes):
                return None
            self._n_sent += 1
            packet = self.size_limit.sending(topic, n_bytes, qos)
            mid = self._client.publish(topic, payload, qos, retained=retained, expiry_s=expiry_s)
            self.size_limit.sent(packet, mid)
            return mid

    def fits(self, topic: str, payload: bytes, qos: int = 1, expiry_s: float | None = None) -> bool:
        """Whether the broker takes a message of this size, as far as is known; logs the first that it does not."""
        return self.size_limit.fits(topic, self._client.packet_bytes(topic, payload, qos, expiry_s))

    def refused(self, topic: str, payload: bytes) -> None:
        """Take note that the broker acknowledges a message of this size and drops it."""
        self.size_limit.refused(topic, self._client.packet_bytes(topic, payload, 1))

    def resubscribe(self, wanted: Iterable[Subscription]) -> None:
        """Subscribe to these filters, all of them optional, in place of the former; the connection stays."""
        before, self._subscriptions = self._subscriptions, Subscriptions(wanted)
        if self._accepted_s is None:  # the next attempt reads them: paho's thread sets _accepted_s first
            return
        if gone := before.without(self._subscriptions):
            self._client.unsubscribe(gone)
        if added := self._subscriptions.without(before):
            self._client.subscribe(added)

    def wait_connected(self, within_s: float) -> bool:
        """Whether the broker accepts messages, waiting at most ``within_s`` for it."""
        return self._connection_state.wait_for(lambda: self.connected, within_s)

    def close(self, deadline_s: float) -> None:
        """Publish ``offline``, wait for its PUBACK until ``deadline_s`` (monotonic) and disconnect.

        DISCONNECT suppresses the will, so ``offline`` is published here.  Both go through one stream in this order, so
        a slow broker gets both.  ``offline`` follows every ``online`` that was sent, acknowledged or not.
        """
        self._connection_state.closing = True
        if self._availability and self._accepted_s is not None:
            within_s = max(0.0, deadline_s - time.monotonic())
            self._client.publish(self._availability, OFFLINE.encode(), 1, retained=True, within_s=within_s)
        self._client.end(deadline_s)
        self._connection_state.state = State.CLOSED

    def _attempting(self) -> None:
        with self._sending:  # never held for long: there is no socket to wait for
            self._client.forget_sent()
            self._n_sent = self._n_answered = 0
        self._online_mid = self._subscribe_mid = self._accepted_s = None
        self.end.forget()
        self._client.set_wait(self._backoff.attempted())

    def _accepted(self, max_unanswered: int, max_bytes: int | None) -> None:
        if self._connection_state.closing:  # the attempt was under way when closing started
            self._client.disconnect()
            return
        self._accepted_s = time.monotonic()
        self.size_limit.connected(max_bytes)
        self._max_unanswered = max(1, max_unanswered - 1)  # one is reserved for offline
        self._asked = self._subscriptions
        if wanted := self._asked.wanted:
            self._subscribe_mid = self._client.subscribe(wanted)
        if self._availability:
            self._online_mid = self._client.publish(self._availability, self._while_connected, 1, retained=True)
        self._check_open()

    def _lost(self, reason: str, fault: BaseException | None) -> None:
        accepted_s, self._accepted_s = self._accepted_s, None
        lasted_s = None if accepted_s is None else time.monotonic() - accepted_s
        if self.connected and lasted_s is not None:
            self._client.set_wait(self._backoff.lasted(lasted_s))
        self.end.lost(reason, fault, lasted_s, too_large=self.size_limit.lost())

    def _acknowledged(self, mid: int, refusal: str) -> None:
        too_large = refusal == TOO_LARGE
        if refusal and not too_large:
            if not self.refusal:
                words = "%s: a message was refused (%s): `edged acl` prints the rules for mosquitto"
                _log.warning(words, self._broker, refusal.lower())
            self.refusal = refusal
        if mid == self._online_mid:
            self._online_mid = None
            self._check_open()
        else:
            self.size_limit.acknowledged(mid, too_large=too_large)
            self._n_answered += 1  # written by this thread only, _n_sent only under its lock
            self._on_acknowledged(mid)

    def _subscribed(self, mid: int, failed: Sequence[bool]) -> None:
        if mid != self._subscribe_mid:  # of resubscribe
            if any(failed):
                _log.warning("%s: refused %s, continuing without", self._broker, counted(sum(failed), "subscription"))
            return
        if lacking := self._asked.answered(failed, self._broker):
            self.end.lacking(lacking)
            return
        self._subscribe_mid = None
        self._check_open()

    def _check_open(self) -> None:
        if self._online_mid is None and self._subscribe_mid is None:
            self._connection_state.change(State.CONNECTED)
