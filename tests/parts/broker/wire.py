"""Parser of one MQTT connection's bytes into control packets; every byte is accounted for.

    bytes a client sent ──► Sent(kind, topic, payload, rest) ──► what was published

MQTT 3.1.1 and 5, sections 2 and 3.3; CONNECT has the version.
"""

from collections.abc import Iterator
from dataclasses import dataclass

CONNECT, PUBLISH = 1, 3
_V5 = 5


class WireError(Exception):
    """The bytes are not valid MQTT."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One control packet; ``topic`` and ``payload`` of PUBLISH; ``rest`` is the remainder after the fixed header."""

    kind: int
    topic: str
    payload: bytes
    rest: bytes
    qos: int
    retained: bool
    at: int = 0  # offset of its end in the stream


def sent(stream: bytes) -> Iterator[Sent]:
    """All packets in ``stream``, which starts at the beginning of a connection."""
    at, version = 0, 4
    while at < len(stream):
        kind, flags = stream[at] >> 4, stream[at] & 15
        length, at = _varint(stream, at + 1)
        body = stream[at : at + length]
        at += length
        if len(body) < length:
            raise WireError(f"the last control packet has {len(body)} of {length} bytes")
        if kind == CONNECT:
            if body[:6] != b"\x00\x04MQTT":
                raise WireError(f"CONNECT begins with {body[:6]!r}, expected MQTT's name")
            version = body[6]
        if kind == PUBLISH:
            yield _publish(body, flags, version, at)
        elif kind in (0, 2, 9, 11, 13):  # reserved, or sent by brokers only
            raise WireError(f"a control packet of type {kind}, expected one that a client sends")
        else:
            yield Sent(kind, "", b"", body, 0, retained=False, at=at)


def _publish(body: bytes, flags: int, version: int, end: int) -> Sent:
    qos = flags >> 1 & 3
    n_topic = int.from_bytes(body[:2], "big")
    topic, at = body[2 : 2 + n_topic].decode(), 2 + n_topic
    at += 2 if qos else 0
    rest = b""
    if version == _V5:
        n_properties, at = _varint(body, at)
        rest = body[at : at + n_properties]
        at += n_properties
    return Sent(PUBLISH, topic, body[at:], rest, qos, bool(flags & 1), end)


def _varint(stream: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer, and the offset of its end."""
    value = 0
    for place in range(4):
        if at >= len(stream):
            break
        value |= (stream[at] & 127) << 7 * place
        at += 1
        if not stream[at - 1] & 128:
            return value, at
    raise WireError("the stream ends within a length")
