"""The daemon's sink: payload structs in, messages to the broker out; never blocks, never loses an event it can store.

    publish(topic, payload) ──► JSON ──► outbox ──► connection ──► broker
                                            │  ▲                       │
                                  disk ◄────┘  └── acknowledged(mid) ──┘

Three threads meet here.  The pipeline's puts messages in; paho's brings acknowledgements while it holds paho's locks,
which sending takes too; the journal's reports what is on disk.  None of them waits for another.  Each leaves its input
in a deque or a flag and tries the lock; the one that gets it does the work of all and checks again before releasing it.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Self

import msgspec

from edged.config.structs import Mqtt
from edged.contract.device import Info
from edged.contract.payloads import EpisodeEnd, EpisodeStart
from edged.contract.status import SinkStatus
from edged.contract.topics import AVAILABILITY, INFO, ONLINE, WINDOW, Received, Topic, full_name
from edged.errors import counted
from edged.host.identity import client_id
from edged.mqtt.connection import CLOSE_S, Connection
from edged.mqtt.listener import Listener
from edged.mqtt.name_conflict import NameConflict
from edged.mqtt.state import State
from edged.mqtt.subscriptions import Subscription
from edged.outbox.message import Message, message_of
from edged.outbox.outbox import Outbox

_log = logging.getLogger(__name__)


class Publisher:
    """Publishes under ``<root>/<node>/``; ``with`` opens and closes it.

    ``node`` is one level of a topic.  Without ``outbox`` messages wait in memory; ``listeners`` share the connection.
    """

    def __init__(self, mqtt: Mqtt, node: str, outbox: Outbox | None = None, listeners: Sequence[Listener] = ()) -> None:
        self._mqtt = mqtt
        self._below = f"{mqtt.root}/{node}"
        self._outbox = Outbox() if outbox is None else outbox
        self._put: deque[tuple[Topic, msgspec.Struct | str, float, float | None]] = deque()  # put_s, captured_s
        self._acknowledged: deque[int] = deque()
        self._lost = self._renew = False
        self._wanted = False  # there is new work for whoever holds the lock
        self._working = threading.Lock()  # tried, never waited for
        self._settled = threading.Event()  # everything is acknowledged, or the broker is away
        self._settled.set()
        self._settling = threading.Lock()  # keeps _put and _settled consistent; held for two statements
        self._info: Info | None = None  # the newest
        self._name_conflict = NameConflict(full_name(mqtt.root, node, INFO), self._say_info_again)
        self._listeners: tuple[Listener, ...] = (self._name_conflict, *listeners)
        self._connection = Connection(
            mqtt,
            client_id(node),
            availability=full_name(mqtt.root, node, AVAILABILITY),
            subscriptions=self._wanted_filters(),
            on_received=self._received,
            on_change=self._changed,
            on_acknowledged=self._on_acknowledged,
        )

    def __enter__(self) -> Self:
        """Start to connect; raises as ``Connection`` does."""
        self._outbox.open(self._work)
        try:
            self._connection.__enter__()
        except BaseException:
            self._outbox.close()
            raise
        return self

    def __exit__(self, *_fault: object) -> None:
        """Send the rest, publish ``offline`` and disconnect, within two seconds; at once if the broker is away."""
        deadline_s = time.monotonic() + CLOSE_S
        self._outbox.flush()
        if self._connection.state in (State.STARTING, State.CONNECTED):
            self._settled.wait(CLOSE_S)
        self._connection.close(deadline_s)
        self._outbox.close()
        if self.unacknowledged:
            stored = "; events among them are stored on disk" if self._outbox.on_disk else ""
            messages = counted(self.unacknowledged, "message")
            _log.warning("closed with %s that the broker has not acknowledged%s", messages, stored)

    @property
    def connected(self) -> bool:
        """Whether the broker accepts messages now."""
        return self._connection.connected

    @property
    def reason(self) -> str:
        """The state of the connection, in words."""
        return self._connection.reason

    @property
    def status(self) -> SinkStatus:
        """A snapshot."""
        return SinkStatus(
            tls=self._connection.tls,
            reconnects=self._connection.reconnects,
            unacknowledged=self.unacknowledged,
            outbox=self._outbox.metrics(),
            name_taken_by=self._name_conflict.device_id,
            max_packet_bytes=self.max_packet_bytes,
            left_out=self._connection.size_limit.left_out,
        )

    @property
    def unacknowledged(self) -> int:
        """Messages that wait, or that the broker has not acknowledged."""
        return len(self._outbox) + len(self._put)

    @property
    def dropped(self) -> int:
        """Events dropped for lack of room, or too large for the broker."""
        return self._outbox.dropped

    @property
    def max_packet_bytes(self) -> int | None:
        """The largest packet that the broker takes; None if it has no limit, as far as that is known."""
        return self._connection.size_limit.max_bytes

    def tick(self) -> None:
        """Let the listeners do what is due; called by the pipeline's thread between two reads."""
        self._name_conflict.tick()

    def wait_connected(self, within_s: float) -> bool:
        """Whether the broker accepts messages, waiting at most ``within_s``; for commands that need it at once."""
        return self._connection.wait_connected(within_s)

    def wait_settled(self, within_s: float) -> bool:
        """Whether the broker has acknowledged everything, waiting at most ``within_s``."""
        self._settled.wait(within_s)
        return not self.unacknowledged

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Take a payload for ``topic``, text as a bare word, and send it now or once the broker is connected.

        ``captured_s`` is the monotonic clock at the end of the window that caused it, if one did.
        """
        if topic == WINDOW and not self._mqtt.window:
            return
        if isinstance(payload, Info):
            self._info = payload
            self._name_conflict.own(payload)
        with self._settling:
            self._put.append((topic, payload, time.monotonic(), captured_s))
            self._settled.clear()
        self._work()

    def retain(self, topic: str, payload: bytes) -> None:
        """Publish one retained message on a topic outside the node, if the broker takes it now; it is not repeated."""
        self._connection.send(topic, payload, 1, retained=True)

    def fits(self, topic: str, payload: bytes) -> bool:
        """Whether the broker takes a message of this size, as far as it says or shows."""
        return self._connection.fits(topic, payload)

    def refused(self, topic: str, payload: bytes) -> None:
        """Take note that the broker drops a message of this size."""
        self._connection.refused(topic, payload)

    def resubscribe(self) -> None:
        """Subscribe to the filters that the listeners have now; the connection stays."""
        self._connection.resubscribe(self._wanted_filters())

    def repeat(self) -> None:
        """Publish availability and the newest of each state again, if the broker is connected."""
        self._connection.send(self._full_name(AVAILABILITY.name), ONLINE.encode(), 1, retained=True)
        self._renew = True
        self._work()

    def _wanted_filters(self) -> list[Subscription]:
        return [Subscription(wanted, required=False) for one in self._listeners for wanted in one.filters]

    def _changed(self, state: State) -> None:
        connected = state is State.CONNECTED
        if connected:
            self._renew = True
        else:
            self._lost = True
            self._settled.set()
        self._work()
        for listener in self._listeners:
            (listener.connected if connected else listener.lost)()

    def _received(self, received: Received) -> None:
        for listener in self._listeners:
            listener.received(received)

    def _say_info_again(self) -> None:
        if self._info is not None:
            self.publish(INFO, self._info)

    def _on_acknowledged(self, mid: int) -> None:
        self._acknowledged.append(mid)
        self._work()

    def _work(self) -> None:
        self._wanted = True
        while self._wanted and self._working.acquire(blocking=False):
            try:
                self._wanted = False
                self._advance()
            finally:
                self._working.release()

    def _advance(self) -> None:
        """Take all new input, then send all that may go out; called under the lock."""
        self._outbox.adopt()
        while self._put:
            self._outbox.put(self._numbered(*self._put.popleft()))
        while self._acknowledged:
            self._outbox.acknowledged(self._acknowledged.popleft())
        if self._lost:
            self._lost = False
            self._outbox.lost()
        if self._renew:
            self._renew = False
            self._outbox.renew()
        if not self._connection.connected:
            self._outbox.forget_moments()
        while message := self._outbox.following():
            topic, payload, expiry_s = self._full_name(message.topic), message.to_send(), self._outbox.expiry_s(message)
            if not self._connection.fits(topic, payload, message.qos, expiry_s):
                self._outbox.leave_out()
                continue
            mid = self._connection.send(topic, payload, message.qos, retained=message.retained, expiry_s=expiry_s)
            if mid is None:
                break
            self._outbox.sent(mid)
        with self._settling:
            if not self._outbox and not self._put:
                self._settled.set()

    def _full_name(self, name: str) -> str:
        """The full topic; a name that starts with a slash is a full topic outside the node."""
        return name[1:] if name.startswith("/") else f"{self._below}/{name}"

    def _numbered(self, topic: Topic, payload: msgspec.Struct | str, put_s: float, captured_s: float | None) -> Message:
        seq = self._outbox.next_seq() if isinstance(payload, EpisodeStart | EpisodeEnd) else 0
        return message_of(topic, payload, seq, put_s, captured_s)
