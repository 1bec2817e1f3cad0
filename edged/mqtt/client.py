"""paho behind plain types, for MQTT 3.1.1 and 5; the only module that imports paho.

    publish(topic, payload) ──► MQTT 5 properties ──► paho's thread ──► broker ──► Callbacks

With MQTT 5 a payload carries its content type and schema version, an event its expiry, and the will waits ten seconds,
so a short loss is no ``offline``.  The session must therefore outlive its connection by ten seconds.  The first
connection of a process starts a clean session: what the broker stored for the previous process is not for this one.
"""

import contextlib
import logging
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edged.config.structs import Mqtt
from edged.contract.fields import VERSION
from edged.contract.topics import Received
from edged.mqtt.security.tls import TlsContext
from edged.mqtt.subscriptions import Subscription

WILL_DELAY_S = 10  # longer than most losses, short enough to report a dead device
TOO_LARGE = "Packet too large"  # a reason code's name
_LONGEST_S = 2**32 - 1  # a message expiry interval has four bytes
_MAX_UNANSWERED = 2**16 - 1  # if the broker states no limit
_END_S = 0.5  # for paho's thread to end, after a deadline
_PUBLISH, _WILL = PacketTypes.PUBLISH, PacketTypes.WILLMESSAGE

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Callbacks:
    """Called by paho's thread; exceptions in them are caught, logged once and counted."""

    attempting: Callable[[], None]
    accepted: Callable[[int, int | None], None]  # most messages without a PUBACK, most bytes of a packet if it says so
    refused: Callable[[str], None]  # the reason
    failed: Callable[[BaseException | None], None]
    lost: Callable[[str, BaseException | None], None]
    acknowledged: Callable[[int, str], None]  # a mid, and why the broker refused it, or an empty string
    subscribed: Callable[[int, list[bool]], None]  # a mid, and per filter whether it was refused
    received: Callable[[Received], None]


class MqttClient:
    """One client and its thread, from ``start`` to ``end``; ``will`` is a topic and its payload."""

    def __init__(self, mqtt: Mqtt, client_id: str, callbacks: Callbacks, will: tuple[str, bytes] | None = None) -> None:
        self._mqtt = mqtt
        self._v5 = mqtt.protocol == "v5"
        self._callbacks = callbacks
        self._has_will = will is not None
        self._fault: BaseException | None = None  # in TLS, after its handshake
        self._context: TlsContext | None = None
        self.faults = 0  # exceptions caught in callbacks
        protocol = MQTTProtocolVersion.MQTTv5 if self._v5 else MQTTProtocolVersion.MQTTv311
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol)
        self._client.max_inflight_messages_set(0)  # no limits of paho's: the outbox has its own
        self._client.max_queued_messages_set(0)
        if will is not None:
            topic, payload = will
            self._client.will_set(topic, payload, qos=1, retain=True, properties=self._beside(payload, _WILL))
        for name, callback in self._hooks().items():
            setattr(self._client, name, self._guarded(callback))

    def start(self, password: str | None, context: TlsContext | None) -> None:
        """Start to connect, in paho's thread, for as long as it takes."""
        self._context = context
        mqtt, client = self._mqtt, self._client
        if mqtt.username:
            client.username_pw_set(mqtt.username, password)
        if context is not None:
            client.tls_set_context(context)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no type here
        properties.SessionExpiryInterval = WILL_DELAY_S if self._has_will else 0
        # With MQTT 5 paho starts a clean session at the first connection only, by default.
        client.connect_async(mqtt.host, mqtt.tcp_port, mqtt.keepalive_s, properties=properties if self._v5 else None)
        client.loop_start()

    def publish(  # noqa: PLR0913 -- the parameters of MQTT's PUBLISH
        self,
        topic: str,
        payload: bytes,
        qos: int,
        *,
        retained: bool,
        expiry_s: float | None = None,
        within_s: float = 0,
    ) -> int | None:
        """Send one message, wait at most ``within_s`` for its PUBACK; returns its mid, or None without room.

        If the socket has just closed, the message gets a mid as if it had been lost on the way.
        """
        message = self._client.publish(topic, payload, qos, retained, self._beside(payload, _PUBLISH, expiry_s))
        if within_s > 0:
            with contextlib.suppress(RuntimeError, ValueError):  # the connection was lost meanwhile
                message.wait_for_publish(within_s)
        return None if message.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE else message.mid

    def packet_bytes(self, topic: str, payload: bytes, qos: int, expiry_s: float | None = None) -> int:
        """Bytes of the whole PUBLISH packet, as a broker counts them (MQTT 5, 2.1.4 and 3.3)."""
        beside = self._beside(payload, _PUBLISH, expiry_s)
        n_bytes = 2 + len(topic.encode()) + (2 if qos else 0) + len(payload)
        n_bytes += 0 if beside is None else len(beside.pack())  # type: ignore[no-untyped-call]  # paho has no type here
        return 1 + max(1, -(-n_bytes.bit_length() // 7)) + n_bytes  # a length has 7 bits a byte

    def subscribe(self, wanted: Sequence[Subscription]) -> int | None:
        """Subscribe to all of ``wanted`` in one packet; returns its mid."""
        return self._client.subscribe([(one.topic_filter, one.qos) for one in wanted])[1]

    def unsubscribe(self, gone: Sequence[Subscription]) -> None:
        """Have no more messages of these filters."""
        self._client.unsubscribe([one.topic_filter for one in gone])

    def forget_sent(self) -> None:
        """Drop all unacknowledged messages, so that paho does not send them again."""
        self._client.drop_out_messages()

    def set_wait(self, wait_s: float) -> None:
        """The time before the next attempt to connect."""
        # paho's annotation says whole seconds, yet it only compares and adds them; whole seconds would be no jitter.
        self._client.reconnect_delay_set(wait_s, wait_s)  # type: ignore[arg-type]  # as above

    def disconnect(self) -> None:
        """Send DISCONNECT, which suppresses the will, and stop reconnecting."""
        self._client.disconnect()

    def end(self, deadline_s: float) -> None:
        """Disconnect and end the thread by ``deadline_s`` (monotonic), even if something hangs."""
        self._client.disconnect()
        ending = threading.Thread(target=self._stop_loop, name="edged-mqtt-end", daemon=True)
        ending.start()
        ending.join(max(0.0, deadline_s - time.monotonic()) + _END_S)
        if ending.is_alive():  # a full socket buffer, or a broker that accepts and never answers
            if self._context is not None:
                self._context.give_up()
            open_socket = self._client.socket()
            if isinstance(open_socket, socket.socket):
                with contextlib.suppress(OSError):
                    open_socket.shutdown(socket.SHUT_RDWR)
            ending.join(_END_S)
        if not ending.is_alive():  # else a daemon thread is stuck in a name look-up and may still call back
            for name in self._hooks():  # a reference cycle: without it the client closes its sockets at once
                setattr(self._client, name, None)

    def _stop_loop(self) -> None:
        with contextlib.suppress(AttributeError):  # paho's thread may end between paho's check and its join
            self._client.loop_stop()

    def _beside(self, payload: bytes, packet: int, expiry_s: float | None = None) -> Properties | None:
        """The MQTT 5 properties of a message; None with MQTT 3.1.1."""
        if not self._v5:
            return None
        properties = Properties(packet)  # type: ignore[no-untyped-call]  # paho has no type here
        if payload:
            properties.PayloadFormatIndicator = 1  # UTF-8
            properties.ContentType = "application/json" if payload[:1] in b"{[" else "text/plain"
            properties.UserProperty = ("schema", str(VERSION))
        if expiry_s is not None:
            properties.MessageExpiryInterval = min(max(1, round(expiry_s)), _LONGEST_S)
        if packet == _WILL:
            properties.WillDelayInterval = WILL_DELAY_S
        return properties

    def _hooks(self) -> dict[str, Callable[..., None]]:
        hooks: dict[str, Callable[..., None]] = {
            "on_pre_connect": self._attempting,
            "on_socket_open": _opened,
            "on_connect": self._answered,
            "on_connect_fail": self._failed,
            "on_disconnect": self._lost,
            "on_publish": self._acknowledged,
            "on_subscribe": self._subscribed,
            "on_message": self._received,
        }
        if self._mqtt.tls == "on":
            hooks["on_log"] = self._logged
        return hooks

    def _guarded(self, callback: Callable[..., None]) -> Callable[..., None]:
        """``callback`` with its exceptions caught: they would end paho's thread, and publishing with it."""

        def call(*arguments: object) -> None:
            try:
                callback(*arguments)
            except Exception:  # noqa: BLE001 -- the edge of a foreign thread
                self.faults += 1
                if self.faults == 1:  # with a traceback only once: faults must not fill the card
                    _log.exception("fault in an MQTT callback; further ones are only counted")

        return call

    def _attempting(self, _client: Client, _userdata: object) -> None:
        self._fault = None
        self._callbacks.attempting()

    def _answered(
        self, _client: Client, _userdata: object, _flags: object, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._callbacks.refused(str(reason))
        else:  # paho's own limit cannot be changed while connected
            max_unanswered = getattr(properties, "ReceiveMaximum", _MAX_UNANSWERED)
            self._callbacks.accepted(max_unanswered, getattr(properties, "MaximumPacketSize", None))

    def _failed(self, _client: Client, _userdata: object) -> None:
        self._callbacks.failed(sys.exception())  # paho calls from an except clause and does not pass the cause

    def _logged(self, _client: Client, _userdata: object, level: int, _text: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR and isinstance(fault := sys.exception(), ssl.SSLError):
            self._fault = fault  # with TLS 1.3 a certificate is refused only after the handshake

    def _lost(self, _client: Client, _userdata: object, _flags: object, reason: ReasonCode, *_: object) -> None:
        self._callbacks.lost(str(reason), self._fault)

    def _acknowledged(self, _client: Client, _userdata: object, mid: int, reason: ReasonCode, *_: object) -> None:
        self._callbacks.acknowledged(mid, str(reason) if reason.is_failure else "")

    def _subscribed(self, _client: Client, _userdata: object, mid: int, reasons: list[ReasonCode], *_: object) -> None:
        self._callbacks.subscribed(mid, [reason.is_failure for reason in reasons])

    def _received(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._callbacks.received(Received(message.topic, bytes(message.payload), message.retain))


def _opened(_client: Client, _userdata: object, sock: socket.socket) -> None:
    """A message leaves at once: by default the kernel holds it back while another is unacknowledged, up to 40 ms."""
    with contextlib.suppress(OSError, AttributeError):  # a socket that has just closed, or none of TCP
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
