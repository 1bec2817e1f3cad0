"""One connection to the broker for life: topic and payload out, acknowledgements and messages in; the only use of paho.

    send(topic, payload) ──► mid ──► paho's thread ──► broker ──► on_acknowledged(mid)
                                                              └─► on_received(Received)

``connected`` means more than an open socket: the broker accepted the CONNECT, and acknowledged ``online`` and the
required subscriptions.  Only then may anything be sent.  A mid is valid for one connection: what it was given for and
was not acknowledged is forgotten before the next one, so that paho repeats nothing on its own; whoever sent it sends it
again.

How long to wait before the next attempt is decided in ``on_pre_connect``, which paho calls once an attempt: both ends
of paho's own delay are set to the time that ``Backoff`` gives, since paho's doubling has no jitter.
"""

import contextlib
import enum
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from edged.backoff import Backoff
from edged.config import Mqtt
from edged.errors import ConfigError
from edged.mqtt.password import read_password
from edged.mqtt.subscription import Received, Subscription, Subscriptions
from edged.mqtt.topics import OFFLINE, ONLINE

CLOSE_S = 2.0  # for everything that closing still wants from the broker, together
_FIRST_S, _LONGEST_S = 1.0, 120.0  # between two attempts to connect
_END_S = 0.5  # beyond it for paho's thread, once nothing more is wanted

_log = logging.getLogger(__name__)


class State(enum.Enum):
    """How things stand with the broker."""

    STARTING = "no answer yet"
    CONNECTED = "connected"
    AWAY = "out of reach"
    REFUSED = "refused"
    CLOSED = "closed"


class Connection:
    """Opened and closed by ``with``; an absent broker is a state, not an error.

    ``availability`` is a topic that says ``online`` while connected and ``offline`` otherwise, by will or on closing;
    ``subscriptions`` are topic filters, a plain text being a required one.  The callbacks come from paho's thread, some
    of them under its locks: they must neither block nor, but for the one before each connection, take a lock that
    anyone holds while sending.
    """

    def __init__(  # noqa: PLR0913 -- the callbacks are named where they are given
        self,
        mqtt: Mqtt,
        client_id: str,
        *,
        availability: str = "",
        subscriptions: Sequence[Subscription | str] = (),
        on_change: Callable[[State], None] = lambda _state: None,
        on_acknowledged: Callable[[int], None] = lambda _mid: None,
        on_received: Callable[[Received], None] = lambda _received: None,
    ) -> None:
        self._mqtt = mqtt
        self._broker = f"broker {mqtt.host}:{mqtt.port}"
        self._availability = availability
        self._subscriptions = Subscriptions(subscriptions)
        self._on_change = on_change
        self._on_acknowledged = on_acknowledged
        self._on_received = on_received
        self._changed = threading.Condition()  # held only to set or compare the state
        self._closing = False
        self._backoff = Backoff(_FIRST_S, _LONGEST_S)
        self._accepted_s = 0.0  # monotonic
        self._sending = threading.Lock()  # so that a send ends before the next connection begins
        self._online_mid: int | None = None  # not acknowledged yet
        self._subscribe_mid: int | None = None
        self.state = State.STARTING
        self.reason = State.STARTING.value  # in words, for a person
        self._connections = 0
        self.faults = 0  # exceptions caught in callbacks
        self._client = self._new_client(client_id)

    @property
    def connected(self) -> bool:
        """Whether the broker takes messages now."""
        return self.state is State.CONNECTED

    @property
    def reconnects(self) -> int:
        """How often the broker was reached again after the first time."""
        return max(0, self._connections - 1)

    @property
    def refused_subscriptions(self) -> tuple[str, ...]:
        """The filters, none of them required, that the broker refused when it was last asked."""
        return self._subscriptions.refused

    def __enter__(self) -> Self:
        """Begin to connect, in paho's thread, for as long as it takes.

        Raises:
            ConfigError: the password cannot be read, or the host is not a name.
        """
        try:  # here, since a look-up in paho's thread would raise it there, and the thread would end without a word
            usable = self._mqtt.host.isprintable() and self._mqtt.host.encode("idna")
        except UnicodeError:
            usable = False
        if not usable:
            raise ConfigError(f"mqtt.host is {self._mqtt.host!r}, expected a host name or address")
        if self._mqtt.username:
            self._client.username_pw_set(self._mqtt.username, read_password(self._mqtt))
        self._client.connect_async(self._mqtt.host, self._mqtt.port, self._mqtt.keepalive_s)
        self._client.loop_start()
        return self

    def __exit__(self, *_fault: object) -> None:
        """Close as ``close`` does, within two seconds."""
        self.close(time.monotonic() + CLOSE_S)

    def send(self, topic: str, payload: bytes, qos: int, *, retained: bool) -> int | None:
        """Hand over one message; its mid, or None when the broker does not take messages now."""
        with self._sending:
            if not self.connected or self._closing:
                return None
            # A socket that closed this very moment is as if the message were lost on its way: it gets a mid.
            message = self._client.publish(topic, payload, qos, retained)
        return None if message.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE else message.mid

    def wait_connected(self, within_s: float) -> bool:
        """Whether the broker takes messages, waiting for it at most ``within_s``."""
        with self._changed:
            return self._changed.wait_for(lambda: self.connected, within_s)

    def close(self, deadline_s: float) -> None:
        """Say ``offline``, wait for its PUBACK until ``deadline_s`` (monotonic) and disconnect.

        A DISCONNECT suppresses the will, hence ``offline`` is said here; both go through one stream in this order, so
        that a broker that is only slow learns of it too.
        """
        said_offline = self.connected and bool(self._availability)
        self._closing = True
        if said_offline:
            message = self._client.publish(self._availability, OFFLINE, 1, retain=True)
            with contextlib.suppress(RuntimeError, ValueError):  # the connection went meanwhile: the will says it
                message.wait_for_publish(max(0.0, deadline_s - time.monotonic()))
        self._client.disconnect()
        ending = threading.Thread(target=self._end, name="edged-mqtt-end", daemon=True)
        ending.start()
        ending.join(max(0.0, deadline_s - time.monotonic()) + _END_S)
        if ending.is_alive():  # a full socket buffer, or a broker that accepts and says nothing
            open_socket = self._client.socket()
            if isinstance(open_socket, socket.socket):
                with contextlib.suppress(OSError):
                    open_socket.shutdown(socket.SHUT_RDWR)
            ending.join(_END_S)
        if not ending.is_alive():  # else a daemon thread is left inside a name look-up, and may still call back
            for name in self._callbacks():  # they lead back here: without them the client closes its sockets when we go
                setattr(self._client, name, None)
        self.state = State.CLOSED

    def _end(self) -> None:
        with contextlib.suppress(AttributeError):  # paho's thread may end between its own check and its join
            self._client.loop_stop()

    def _new_client(self, client_id: str) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        client.max_inflight_messages_set(0)  # neither limit is paho's: the outbox has both
        client.max_queued_messages_set(0)
        if self._availability:
            client.will_set(self._availability, OFFLINE, qos=1, retain=True)
        for name, callback in self._callbacks().items():
            setattr(client, name, self._guarded(callback))
        return client

    def _callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_pre_connect": self._about_to_connect,
            "on_connect": self._answered,
            "on_connect_fail": self._failed,
            "on_disconnect": self._lost,
            "on_publish": self._acknowledged,
            "on_subscribe": self._subscribed,
            "on_message": self._received,
        }

    def _guarded(self, callback: Callable[..., None]) -> Callable[..., None]:
        """``callback`` with its exceptions caught: in paho's thread they would end it, and with it all publishing."""

        def call(*arguments: object) -> None:
            try:
                callback(*arguments)
            except Exception:  # noqa: BLE001 -- the edge of a foreign thread
                self.faults += 1
                if self.faults == 1:  # the first with its traceback; a fault in each message must not fill the card
                    _log.exception("fault in an MQTT callback; further ones are only counted")

        return call

    def _about_to_connect(self, client: Client, _userdata: object) -> None:
        with self._sending:  # held by none for long: there is no socket to wait for
            client.drop_out_messages()
        self._online_mid = self._subscribe_mid = None
        self._set_wait(client, self._backoff.attempted())

    def _set_wait(self, client: Client, wait_s: float) -> None:
        # paho's annotation says whole seconds, yet it only compares and adds them; whole seconds would be no jitter.
        client.reconnect_delay_set(wait_s, wait_s)  # type: ignore[arg-type]

    def _answered(self, client: Client, _userdata: object, _flags: object, reason: ReasonCode, *_: object) -> None:
        if reason.is_failure:
            self._change(State.REFUSED, str(reason))
            return
        if self._closing:  # the attempt was under way when closing began
            client.disconnect()
            return
        self._accepted_s = time.monotonic()
        if wanted := self._subscriptions.wanted:
            self._subscribe_mid = client.subscribe([(one.topic_filter, one.qos) for one in wanted])[1]
        if self._availability:
            self._online_mid = client.publish(self._availability, ONLINE, 1, retain=True).mid
        self._check_open()

    def _failed(self, _client: Client, _userdata: object) -> None:
        fault = sys.exception()  # paho calls from within its except clause and does not tell the cause otherwise
        self._change(State.AWAY, getattr(fault, "strerror", None) or str(fault or "no connection"))

    def _lost(self, client: Client, _userdata: object, _flags: object, reason: ReasonCode, *_: object) -> None:
        if self.connected:
            self._set_wait(client, self._backoff.lasted(time.monotonic() - self._accepted_s))
        if self.state is not State.REFUSED:  # after a refusal the closed socket is no news
            self._change(State.AWAY, "connection lost" if reason == "Unspecified error" else str(reason))

    def _acknowledged(self, _client: Client, _userdata: object, mid: int, *_: object) -> None:
        if mid == self._online_mid:
            self._online_mid = None
            self._check_open()
        else:
            self._on_acknowledged(mid)

    def _subscribed(self, _client: Client, _userdata: object, mid: int, reasons: list[ReasonCode], *_: object) -> None:
        if mid != self._subscribe_mid:
            return
        before = self._subscriptions.refused
        lacking = self._subscriptions.answered([reason.is_failure for reason in reasons])
        if lacking:
            self._change(State.REFUSED, f"subscription to {', '.join(lacking)} refused")
            return
        if (refused := self._subscriptions.refused) and refused != before:
            _log.warning("%s: subscription to %s refused, going on without", self._broker, ", ".join(refused))
        self._subscribe_mid = None
        self._check_open()

    def _received(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._on_received(Received(message.topic, bytes(message.payload), message.retain))

    def _check_open(self) -> None:
        if self._online_mid is None and self._subscribe_mid is None:
            self._change(State.CONNECTED, State.CONNECTED.value)

    def _change(self, state: State, reason: str) -> None:
        """One log line for a change, none for another attempt that ends the same way."""
        with self._changed:
            if self._closing or state is self.state:
                return
            if state is State.CONNECTED:
                self._connections += 1
            self.state, self.reason = state, reason
            self._changed.notify_all()
        if state is State.CONNECTED:
            _log.info("%s: connected", self._broker)
        else:
            _log.warning("%s: %s (%s), trying again", self._broker, state.value, reason)
        self._on_change(state)
