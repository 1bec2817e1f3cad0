"""One message for the broker, and the mark that it is late.

    EpisodeStart, EpisodeEnd, EmotionState … ──message_of──► Message ──waited for long, or sent again──► "replayed":true

A subscriber that acts on an event must be able to tell whether it has just happened or has waited for the broker.  The
field ``replayed`` says so, and is set when the message is sent.
"""

import time
from dataclasses import dataclass, field, replace
from typing import Self

import msgspec

from edged.contract.payloads import encoded
from edged.contract.topics import Kind, Topic

_LATE_S = 5.0  # an event that waits longer is late
_OVERHEAD = 200  # bytes of a message beside its payload

_ON_TIME, _LATE = b'"replayed":false', b'"replayed":true'  # within a JSON string quotes are escaped


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``topic`` starts below the node, so stored events survive a change of the node's name."""

    topic: str
    payload: bytes
    qos: int
    kind: Kind
    seq: int = 0  # of an event; 0 is a state
    put_s: float = field(
        default_factory=time.monotonic, compare=False
    )  # monotonic; negative if from before this process
    late: bool = False  # it waited on disk, or was sent before without an acknowledgement
    captured_s: float | None = field(default=None, compare=False)  # monotonic, at the end of the window that caused it

    @property
    def retained(self) -> bool:
        """Whether the broker keeps the message, as it does states."""
        return self.kind == "state"

    @property
    def is_event(self) -> bool:
        """Whether the message is an event, stored until the broker has it."""
        return self.kind == "event"

    @property
    def size(self) -> int:
        """Bytes in memory or in the file."""
        return len(self.payload) + _OVERHEAD

    def delayed(self) -> Self:
        """The same message, marked as late."""
        return replace(self, late=True)

    def to_send(self) -> bytes:
        """The payload to send now."""
        if not self.is_event or not (self.late or time.monotonic() - self.put_s > _LATE_S):
            return self.payload
        return self.payload.replace(_ON_TIME, _LATE, 1)


def message_of(
    topic: Topic, payload: msgspec.Struct | str, seq: int, put_s: float, captured_s: float | None
) -> Message:
    """The message of a payload, text as a bare word; a ``seq`` above 0 becomes the payload's own."""
    if seq and not isinstance(payload, str):
        payload = msgspec.structs.replace(payload, seq=seq)
    content = payload.encode() if isinstance(payload, str) else encoded(payload)
    return Message(topic.name, content, topic.qos, topic.kind, seq, put_s, captured_s=captured_s)
