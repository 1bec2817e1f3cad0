"""Windows of one party, with the gate's verdict, to the spans in which it speaks.

    speech_dbfs (188,), bool of each window ──loud frames of windows with speech──► (k,) frames ──gaps closed──► Spans

The gate decides whether three seconds hold speech; within such a window, the frames above its quiet tenth, and not far
below its loud twentieth, are the speech.  Each frame takes one byte, an hour 225 kB.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edged.contract.call_report import Span
from edged.features.geometry import GEOMETRY
from edged.features.windows import Window

_OVER_FLOOR_DB = 6.0
_BELOW_LOUD_DB = 30.0  # frames this far below the loud ones of a window are echo or noise
_FULL_SCALE_GAP_DB = 15.0  # a window without a pause has no floor: the loud twentieth less this bounds it
_GAP_S = 0.5  # a shorter pause belongs to a turn
_MIN_SPEECH_S = 0.15  # a shorter burst is a click

Bools = NDArray[np.bool_]


class SpeechFrames:
    """The frames in which one party speaks."""

    def __init__(self, min_dbfs: float) -> None:
        """``min_dbfs`` is the gate's level of silence."""
        self._min_dbfs = min_dbfs
        self._frames = bytearray()  # 1 where the frame holds speech

    def add(self, window: Window, *, speech: bool) -> None:
        """One more window."""
        first = window.start // GEOMETRY.hop
        n_frames = (window.end - window.start) // GEOMETRY.hop + 1
        self._frames.extend(bytes(max(0, first + n_frames - len(self._frames))))
        if not speech:
            return
        levels = window.speech_dbfs[:n_frames]
        ranked = np.sort(levels)
        quiet, loud = ranked[n_frames // 10], ranked[n_frames * 19 // 20]
        floor = min(quiet + _OVER_FLOOR_DB, loud - _FULL_SCALE_GAP_DB)
        loud_enough = levels > max(self._min_dbfs, floor, loud - _BELOW_LOUD_DB)
        before = np.frombuffer(self._frames, np.uint8)[first : first + n_frames].astype(bool)
        self._frames[first : first + n_frames] = (before | loud_enough).astype(np.uint8).tobytes()

    def frames(self, n_frames: int) -> Bools:
        """(n_frames,) with short pauses closed and clicks removed."""
        speaking = np.zeros(n_frames, bool)
        known = np.frombuffer(bytes(self._frames), np.uint8)[:n_frames]
        speaking[: len(known)] = known.astype(bool)
        for first, last in _runs(~speaking):
            if first > 0 and last < n_frames and (last - first) * GEOMETRY.hop_s < _GAP_S:
                speaking[first:last] = True
        for first, last in _runs(speaking):
            if (last - first) * GEOMETRY.hop_s < _MIN_SPEECH_S:
                speaking[first:last] = False
        return speaking


def spans(frames: Bools, min_s: float = 0.0) -> list[Span]:
    """The runs of true ``frames`` (n,) that last ``min_s`` or longer."""
    hop_s = GEOMETRY.hop_s
    return [
        Span(start_s=round(first * hop_s, 3), end_s=round(last * hop_s, 3))
        for first, last in _runs(frames)
        if (last - first) * hop_s >= min_s
    ]


def seconds(frames: Bools) -> float:
    """How long ``frames`` (n,) are true."""
    return round(float(np.count_nonzero(frames)) * GEOMETRY.hop_s, 3)


def _runs(frames: Bools) -> Iterable[tuple[int, int]]:
    """First frame and the one after the last of each run of true ``frames``."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], frames, [False]]).astype(np.int8)))
    return ((int(first), int(last)) for first, last in edges.reshape(-1, 2))
