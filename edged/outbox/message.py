"""One message on its way to the broker, and how its payload says that it comes late.

    EpisodeStart, EpisodeEnd, EmotionState … ──► Message ──waited for long, or sent again──► "replayed":true

A state says how things are now, an event says what was.  A subscriber that acts on an event must be able to tell one
that just happened from one that waited for the broker: hence ``replayed``, which is not known before it is sent.
"""

import time
from dataclasses import dataclass, field, replace
from typing import Self

from edged.contract.topics import Kind

_LATE_S = 5.0  # an event that waited longer than this is no longer news
_OVERHEAD = 200  # bytes that a message costs beside its payload, in memory and in the file

_ON_TIME, _LATE = b'"replayed":false', b'"replayed":true'  # quotes within a JSON string are escaped: it is the field


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``topic`` is the level below the node, so that what is kept survives a new name of the device."""

    topic: str
    payload: bytes
    qos: int
    kind: Kind
    seq: int = 0  # of an event; 0 is a state
    put_s: float = field(
        default_factory=time.monotonic, compare=False
    )  # of this process; negative for one from before its start
    late: bool = False  # it waited on disk, or was sent before and not acknowledged
    captured_s: float | None = field(default=None, compare=False)  # monotonic, at the end of the window that caused it

    @property
    def retained(self) -> bool:
        """Whether the broker keeps it, since it says how things are now."""
        return self.kind == "state"

    @property
    def is_event(self) -> bool:
        """Whether each of its kind counts, and is kept until the broker has it."""
        return self.kind == "event"

    @property
    def size(self) -> int:
        """Bytes that it takes up."""
        return len(self.payload) + _OVERHEAD

    def delayed(self) -> Self:
        """The same message, known to come late."""
        return replace(self, late=True)

    def to_send(self) -> bytes:
        """The payload as it is sent now."""
        if not self.is_event or not (self.late or time.monotonic() - self.put_s > _LATE_S):
            return self.payload
        return self.payload.replace(_ON_TIME, _LATE, 1)
