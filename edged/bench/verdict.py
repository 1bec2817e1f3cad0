"""What the measured times allow on this device: in words, and the shortest stride that is safe.

    seconds of each window by stage, stride ──p95──► share of a core ──► Verdict: light, fits, tight, too_slow
    cost of a window / (share that is safe - cost of a second of sound) ──rounded up to hops──► safe_stride_s

A stride is safe if a window at the 95th percentile takes at most half of it: the rest is for the microphone, the
broker, other programs, and for hot days on which a board is slower.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np

from edged.bench.stages import BY_SOUND
from edged.features.geometry import GEOMETRY

SAFE_SHARE = 0.5  # of the stride
LIGHT_SHARE = 0.1
_MAX_STRIDE_S = GEOMETRY.window_s  # longer ones would skip sound

Word = Literal["light", "fits", "tight", "too_slow"]


class Spread(msgspec.Struct, frozen=True):
    """Milliseconds of one stage, over windows."""

    p50_ms: float
    p95_ms: float
    max_ms: float


class Verdict(msgspec.Struct, frozen=True):
    """What this device can do; ``safe_stride_s`` is None if no stride is long enough."""

    word: Word
    share: float  # of a core that a window takes at its 95th percentile, with the config's stride
    safe_stride_s: float | None
    text: str


def spread(seconds: Sequence[float]) -> Spread:
    """Median, 95th percentile and greatest of ``seconds``, in milliseconds."""
    p50, p95 = np.percentile(seconds, (50, 95))
    return Spread(*(round(1000 * float(value), 3) for value in (p50, p95, max(seconds))))


def verdict(stages: Mapping[str, Spread], window: Spread, stride_s: float, advice: Sequence[str] = ()) -> Verdict:
    """The verdict on the p95 of a ``window``; ``advice`` names what else would make this device faster."""
    share = window.p95_ms / (1000 * stride_s)
    safe = safe_stride_s(stages, window, stride_s)
    speaks = f"while somebody speaks, edged takes {_percent(share)} of one core"
    if share <= LIGHT_SHARE:
        return Verdict("light", share, safe, f"runs easily here: {speaks}")
    if share <= SAFE_SHARE:
        return Verdict("fits", share, safe, f"runs here: {speaks}")
    remedies = [f"set models.stride_s to {safe:g} or more"] if safe is not None else []
    remedies += advice
    remedy = f"; {', or '.join(remedies)}" if remedies else ""
    if share <= 1:
        return Verdict("tight", share, safe, f"is tight here: {speaks}, more than half{remedy}")
    return Verdict("too_slow", share, safe, f"is too slow here: a window takes {share:.1f} times its stride{remedy}")


def safe_stride_s(stages: Mapping[str, Spread], window: Spread, stride_s: float) -> float | None:
    """The shortest stride, in whole hops, of which a window takes at most half; None if there is none."""
    # Medians, because the p95 of each stage is of another window, and the cost of sound is not counted by window.
    by_sound = sum(stages[stage].p50_ms for stage in BY_SOUND if stage in stages) / (1000 * stride_s)
    by_window_s = max(0.0, window.p95_ms / 1000 - by_sound * stride_s)
    if by_sound >= SAFE_SHARE:
        return None
    n_hops = max(1, math.ceil(round(by_window_s / (SAFE_SHARE - by_sound) / GEOMETRY.hop_s, 6)))
    safe = n_hops * GEOMETRY.hop_s
    return round(safe, 3) if safe <= _MAX_STRIDE_S else None


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < LIGHT_SHARE else f"{100 * share:.0f} %"
