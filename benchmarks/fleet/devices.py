"""Simulated devices and one subscriber on a broker: real payloads over MQTT 3.1.1, each device with its own connection.

    payloads of edged ──n sockets, QoS 1──► broker ──1 socket──► received: messages a second, latency of each

One thread and one selector for all, because a thousand clients of paho would measure Python's threads.  A device has at
most one message on its way: it sends the next one when the broker has acknowledged the last.
"""

import re
import selectors
import socket
import time
from collections.abc import Sequence
from typing import NamedTuple, Self

from edged.contract.payloads import encoded
from tests.parts.broker.payloads import emotion_state, episode_end, episode_start

_CONNECT, _PUBLISH_1, _SUBSCRIBE = 0x10, 0x32, 0x82
_CONNACK, _PUBLISH, _PUBACK = 2, 3, 4
_LENGTH_BYTES = 4
_NUMBER = re.compile(rb'"seq":(\d+)')
_FIRST = 1_000_000_000  # message numbers all have as many digits
_DRAIN_S = 5.0


class Figures(NamedTuple):
    """Of one phase."""

    sent: int
    acknowledged: int
    received: int
    seconds: float
    latencies_s: list[float]  # from a device's send to the subscriber's receipt


class Fleet:
    """Devices and the subscriber, connected; ``with`` closes all."""

    def __init__(self, port: int, n_devices: int, ports: Sequence[int] = ()) -> None:
        """``ports`` are those of further brokers of the same cluster, which the devices are spread over."""
        every = [port, *ports]
        self._selector = selectors.DefaultSelector()
        self._payloads = _payloads()
        self._subscriber = _Connection(every[-1], "watch", self._selector)
        self._subscriber.write(_packet(_SUBSCRIBE, b"\0\1" + _text("edged/#") + b"\0"))
        self._devices = [_Connection(every[n % len(every)], f"d{n}", self._selector) for n in range(n_devices)]
        self._sent_s: list[float] = []
        self._latencies_s: list[float] = []
        self._n_acknowledged = 0

    def __enter__(self) -> Self:
        """Wait until all are connected."""
        until_s = time.monotonic() + 60
        while not all(one.connected for one in (*self._devices, self._subscriber)):
            if time.monotonic() > until_s:
                raise RuntimeError("not all devices could connect within 60 s")
            self._serve(0.1)
        return self

    def __exit__(self, *_fault: object) -> None:
        """Close every socket."""
        for one in (*self._devices, self._subscriber):
            one.close()
        self._selector.close()

    def phase(self, for_s: float, per_s: float = float("inf")) -> Figures:
        """Send ``per_s`` messages a second of all devices together, or as many as are acknowledged."""
        self._sent_s, self._latencies_s, self._n_acknowledged = [], [], 0
        began_s, turn = time.monotonic(), 0
        while (elapsed_s := time.monotonic() - began_s) < for_s:
            due = min(len(self._devices), int(elapsed_s * per_s) - len(self._sent_s) if per_s < float("inf") else 10**6)
            for _ in range(len(self._devices)):
                if due <= 0:
                    break
                device, turn = self._devices[turn], (turn + 1) % len(self._devices)
                if not device.busy:
                    self._send(device)
                    due -= 1
            self._serve(0.001 if per_s < float("inf") else 0)
        n_sent, until_s = len(self._sent_s), time.monotonic() + _DRAIN_S
        seconds = time.monotonic() - began_s
        while len(self._latencies_s) < n_sent and time.monotonic() < until_s:
            self._serve(0.05)
        return Figures(n_sent, self._n_acknowledged, len(self._latencies_s), seconds, self._latencies_s)

    def _send(self, device: "_Connection") -> None:
        number = len(self._sent_s)
        topic, payload = self._payloads[number % len(self._payloads)]
        body = payload.replace(b'"seq":%d' % _FIRST, b'"seq":%d' % (_FIRST + number))
        self._sent_s.append(time.monotonic())
        device.busy = True
        device.write(_packet(_PUBLISH_1, _text(f"edged/{device.name}/{topic}") + b"\0\1" + body))

    def _serve(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            one: _Connection = key.data
            for kind, body in one.packets():
                if kind == _PUBACK:
                    one.busy = False
                    self._n_acknowledged += 1
                elif kind == _PUBLISH and (found := _NUMBER.search(body)):
                    number = int(found[1]) - _FIRST
                    if number < len(self._sent_s):  # else a message of the phase before
                        self._latencies_s.append(time.monotonic() - self._sent_s[number])


class _Connection:
    """One client's socket."""

    def __init__(self, port: int, name: str, selector: selectors.BaseSelector) -> None:
        self.name, self.connected, self.busy = name, False, False
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._input = b""
        selector.register(self._socket, selectors.EVENT_READ, self)
        self.write(_packet(_CONNECT, _text("MQTT") + b"\x04\x02\x00\x00" + _text(f"edged-bench-{name}")))

    def write(self, packet: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(packet)

    def packets(self) -> list[tuple[int, bytes]]:
        """Kind and body of each packet that has arrived whole."""
        self._input += self._socket.recv(1 << 18)
        found = []
        while packet := _first(self._input):
            kind, body, end = packet
            self.connected = self.connected or kind == _CONNACK
            found.append((kind, body))
            self._input = self._input[end:]
        return found

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _payloads() -> list[tuple[str, bytes]]:
    """Topics and payloads of edged, in which ``seq`` numbers the message."""
    structs = [
        ("emotion", emotion_state("sad", scores={"sad": 0.84, "neutral": 0.16})),
        ("event/start", episode_start("sad")),
        ("event/end", episode_end("sad")),
    ]
    return [(topic, encoded(payload)[:-1] + b',"seq":%d}' % _FIRST) for topic, payload in structs]


def _first(stream: bytes) -> tuple[int, bytes, int] | None:
    """Kind, body and end of the first packet in ``stream``; None while it is not whole."""
    length = 0
    for place in range(_LENGTH_BYTES):
        if len(stream) < place + 2:
            return None
        byte = stream[1 + place]
        length |= (byte & 127) << 7 * place
        if byte < 128:  # noqa: PLR2004 -- the last byte of a length
            begin = place + 2
            return (
                (stream[0] >> 4, stream[begin : begin + length], begin + length)
                if len(stream) >= begin + length
                else None
            )
    raise RuntimeError("the broker sent a length of more than four bytes")


def _packet(kind: int, body: bytes) -> bytes:
    length, header = len(body), bytes([kind])
    while True:
        length, digit = divmod(length, 128)
        header += bytes([digit | (0x80 if length else 0)])
        if not length:
            return header + body


def _text(text: str) -> bytes:
    content = text.encode()
    return len(content).to_bytes(2, "big") + content
