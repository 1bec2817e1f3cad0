"""The two ends of the pipeline as the daemon sees them: a source of sound and a sink of payloads.

    Source ──read──► AudioChunk ──► daemon ──► payloads ──publish(topic, payload)──► Sink

Both are open when the daemon gets them, and whoever opened them closes them.
"""

from typing import Protocol

import msgspec

from edged.contract.status import SinkStatus, SourceStatus
from edged.contract.topics import Topic
from edged.features.logmel import Floats


class AudioChunk(Protocol):
    """Contiguous sound of a source."""

    @property
    def samples(self) -> Floats:
        """(n,) in [-1, 1] at 16 kHz."""

    @property
    def start(self) -> int:
        """Sample count of the first sample since the source began, lost samples included."""

    @property
    def utc_s(self) -> float:
        """Wall clock at the first sample."""

    @property
    def captured_s(self) -> float:
        """Monotonic clock at the end of the last sample, where the source is live."""


class Source(Protocol):
    """A microphone or a recording."""

    @property
    def status(self) -> SourceStatus:
        """A snapshot."""

    def read(self, timeout_s: float) -> AudioChunk | None:
        """The next sound; None when none came in time or the source has ended."""

    def await_count(self, count: int) -> None:
        """Nothing is due before sample ``count``: a live source may let ``read`` wait for it, within the timeout."""

    def mute(self, muted: bool) -> None:  # noqa: FBT001 -- as the word on the topic
        """Closes the device or lets it be opened again; repeating the last call has no effect."""


class Sink(Protocol):
    """A broker, or lines on stdout.  No call blocks."""

    @property
    def status(self) -> SinkStatus:
        """A snapshot."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Takes each window, event, change of state and report, in order; text is sent as a bare word.

        ``captured_s`` is the monotonic clock at the end of the window that caused it, None where no window did.
        """

    def tick(self) -> None:
        """Does what is due by the clock; called between two reads."""
