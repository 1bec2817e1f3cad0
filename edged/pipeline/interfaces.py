"""The two ends of the pipeline as the daemon sees them: where sound comes from, where answers go.

Source ─read─► AudioChunk ─► daemon ─► payloads ─publish(topic, payload)─► Sink
"""

from typing import Protocol

import msgspec

from edged.contract import payloads
from edged.contract.topics import Topic
from edged.features.logmel import Floats


class AudioChunk(Protocol):
    """Contiguous sound of a source."""

    @property
    def samples(self) -> Floats:
        """(n,) in [-1, 1]."""

    @property
    def start(self) -> int:
        """Count of the first sample since the source began, lost ones counted in."""

    @property
    def utc_s(self) -> float:
        """The wall clock at the first sample."""

    @property
    def captured_s(self) -> float:
        """The monotonic clock at the end of the last sample, where the source is live."""


class Source(Protocol):
    """Where sound comes from: a microphone, a recording.  It is open when it is handed over."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def live(self) -> bool:
        """Whether sound comes whether or not it is read, so that a slow device must leave some out."""

    @property
    def ended(self) -> bool:
        """Whether no more will come."""

    @property
    def state(self) -> payloads.CaptureState:
        """Whether sound comes now, and if not, how that is."""

    @property
    def trouble(self) -> str:
        """Why no sound comes, in words; empty when nothing is wrong, or not known to be."""

    @property
    def n_tries(self) -> int:
        """How often the reader came round: tried to open the device, well or in vain, or saw it still muted."""

    @property
    def sample_rate_hz(self) -> int:
        """Of the device or the file, before resampling; 0 while none is known."""

    @property
    def n_dropped(self) -> int:
        """Samples that never reached the pipeline."""

    @property
    def n_overflows(self) -> int:
        """How often the driver lost samples."""

    @property
    def n_gaps(self) -> int:
        """How often the sound did not continue what came before."""

    @property
    def n_recoveries(self) -> int:
        """How often sound came again from a device that was gone."""

    @property
    def n_clipped(self) -> int:
        """Samples at the end of the converter's range."""

    @property
    def muted(self) -> bool:
        """Whether it was told to hear nothing."""

    @property
    def silent(self) -> bool:
        """Whether it has given nothing but one value for long."""

    def mute(self, muted: bool) -> None:  # noqa: FBT001 -- as the word on the topic
        """Tells it to hear nothing, or to listen again; what it was told before changes nothing."""

    def read(self, timeout_s: float) -> AudioChunk | None:
        """The next sound, or None when none came in time or the source has ended."""


class Sink(Protocol):
    """Where answers go: a broker, lines on stdout.  No call blocks."""

    @property
    def tls(self) -> payloads.Trust:
        """How the broker proved who it is."""

    @property
    def reconnects(self) -> int:
        """How often the broker was reached again."""

    @property
    def unacknowledged(self) -> int:
        """Messages that the broker has not confirmed."""

    @property
    def outbox(self) -> payloads.OutboxMetrics | None:
        """How it stands with events that wait; None where none can."""

    @property
    def name_taken_by(self) -> str | None:
        """Device id of another device that publishes under this node's name now."""

    def tick(self) -> None:
        """Whatever is due by the clock; called between two reads."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Each window, event, change of state and report, in order; a text is a bare word.

        ``captured_s`` is the monotonic clock at the end of the window that caused it, None where no window did.
        """
