"""Mono samples at any rate to samples at 16 kHz, in any cut.

    samples (n,) at rate_hz ──soxr "HQ" stream──► samples (about n * 16000 / rate_hz,)

After ``flush`` exactly round(n * 16000 / rate_hz) samples have come out, however the n were cut: the ratio does not
drift, so a count of samples stays a clock.  At 16 kHz samples pass through unchanged, without delay, and soxr is never
imported.
"""

from typing import Protocol

import numpy as np

from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats


class _SoxrStream(Protocol):
    """The part of ``soxr.ResampleStream`` that is used; soxr has no types of its own."""

    def resample_chunk(self, x: Floats, last: bool = False) -> Floats: ...  # noqa: FBT001, FBT002 -- soxr's signature
    def delay(self) -> float: ...
    def clear(self) -> None: ...


class Resampler:
    """One stream of samples to 16 kHz."""

    def __init__(self, rate_hz: int) -> None:
        self._stream = None if rate_hz == GEOMETRY.sample_rate_hz else _soxr_stream(rate_hz)

    @property
    def delay_s(self) -> float:
        """Seconds of sound that went in and have not come out yet."""
        return 0.0 if self._stream is None else self._stream.delay() / GEOMETRY.sample_rate_hz

    def push(self, samples: Floats) -> Floats:
        """(m,) what ``samples`` (n,) complete; m may be 0."""
        return samples if self._stream is None else self._stream.resample_chunk(samples)

    def flush(self) -> Floats:
        """(m,) what was still in the filter; afterwards the resampler is as new."""
        if self._stream is None:
            return np.empty(0, np.float32)
        rest = self._stream.resample_chunk(np.empty(0, np.float32), last=True)
        self._stream.clear()
        return rest

    def restart(self) -> None:
        """Discards what is in the filter: samples before a gap must not be filtered together with those after it."""
        if self._stream is not None:
            self._stream.clear()


def _soxr_stream(rate_hz: int) -> _SoxrStream:
    import soxr  # noqa: PLC0415 -- 11 ms and 1 MB that a source at 16 kHz need not pay

    # "HQ" is also soxr.resample's default, with which the training samples are made.
    stream: _SoxrStream = soxr.ResampleStream(rate_hz, GEOMETRY.sample_rate_hz, 1, dtype="float32", quality="HQ")
    return stream
