"""What is counted of a microphone over all of its openings, for the figures of health.

Ring (samples), Counts (of the driver) ──► n_dropped, n_overflows, n_gaps, n_recoveries, n_clipped, newest
"""

from edged.audio.capture import Counts
from edged.audio.ring import Ring


class CaptureCounts:
    """Reads what the reader thread counts; each count is one number that only grows."""

    def __init__(self, ring: Ring, counts: Counts) -> None:
        self._ring = ring
        self._counts = counts

    @property
    def n_samples(self) -> int:
        """Samples at 16 kHz that came from the driver."""
        return self._ring.n_written

    @property
    def n_dropped(self) -> int:
        """Samples at 16 kHz that never reached the pipeline: lost by the driver, or dropped by the full ring."""
        return self._ring.n_lost + self._ring.n_dropped

    @property
    def n_overflows(self) -> int:
        """How often the driver lost samples because the reader came late."""
        return self._counts.n_overflows

    @property
    def n_gaps(self) -> int:
        """How often a chunk did not continue the one before."""
        return self._ring.n_gaps

    @property
    def n_recoveries(self) -> int:
        """How often sound came again from a device that had to be opened again."""
        return self._counts.n_recoveries

    @property
    def n_clipped(self) -> int:
        """Samples at the end of the converter's range, before gain."""
        return self._counts.n_clipped

    @property
    def newest(self) -> tuple[int, float]:
        """The count just past the newest sample, and the monotonic clock when that sample was captured."""
        return self._ring.newest
