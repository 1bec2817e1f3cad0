"""The two ends of the pipeline as the daemon sees them: where sound comes from, where answers go.

Source ─read─► Stretch ─► daemon ─► payloads ─window, start, end, state, capture, health─► Sink
"""

from typing import Protocol

from edged.events import schema
from edged.features.logmel import Floats


class Stretch(Protocol):
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
    def state(self) -> schema.CaptureState:
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
    def silent(self) -> bool:
        """Whether it has given nothing but one value for long."""

    def read(self, timeout_s: float) -> Stretch | None:
        """The next sound, or None when none came in time or the source has ended."""


class Sink(Protocol):
    """Where answers go: a broker, lines on stdout.  No call blocks."""

    @property
    def reconnects(self) -> int:
        """How often the broker was reached again."""

    @property
    def unacknowledged(self) -> int:
        """Messages that the broker has not confirmed."""

    @property
    def outbox(self) -> schema.OutboxFigures | None:
        """How it stands with events that wait; None where none can."""

    def window(self, payload: schema.WindowScores) -> None:
        """Each window, in order."""

    def start(self, payload: schema.EpisodeStart) -> None:
        """An episode began."""

    def end(self, payload: schema.EpisodeEnd) -> None:
        """An episode ended."""

    def state(self, payload: schema.EmotionState) -> None:
        """How it is now, when that changed."""

    def capture(self, state: schema.CaptureState) -> None:
        """Whether sound comes, when that changed."""

    def health(self, payload: schema.Health) -> None:
        """Figures of the daemon."""
