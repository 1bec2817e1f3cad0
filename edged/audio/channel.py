"""Which channel of several has the speech: their sum may cancel, comb or hiss, so one is chosen.

    block (n, channels) ──mean to about 8 kHz, difference──► power of each 32 ms (k, channels)
    powers of 10 s ──loud twentieth over quiet tenth──► prominence in dB (channels,) ──► index of a channel

Speech stands far above the noise of its own channel; hiss, hum and an empty slot do not, however loud they are.  The
mean over neighbours takes the hiss above speech, the difference an offset and hum.  A live stream changes its channel
only for one that is clearly better for more than a second, so that two good microphones do not take turns.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

_STEP_S = 0.032
_ANALYSED_HZ = 8_000
_SPAN = 312  # steps, 10 s
_EVALUATED_S = 0.5  # seconds of sound between two comparisons
_QUIET, _LOUD = 10, 95  # percentiles of the steps' levels
_SILENCE_DB = -90.0  # lower levels count as this one: digital silence is no low noise
_TIE_DB = 2.0  # of a file: within it the first channel wins
_BETTER_DB, _SPEECH_DB = 6.0, 10.0  # another channel must lead by the first, and exceed its own noise by the second
_EMPTY = 1e-12  # mean square of digital silence
_LOOKS = 3  # comparisons in a row that another channel must win

_Powers = NDArray[np.float64]


def step_powers(block: NDArray[Any], rate_hz: int, full_scale: float = 1.0) -> _Powers:
    """(k, channels) mean squares of each whole step of 32 ms in ``block`` (n, channels), roughly in the speech band."""
    factor = max(1, rate_hz // _ANALYSED_HZ)
    size = len(block) // factor
    # One row per channel, and sums of slices: numpy's means over an axis of 2 or 3 take five times as long.
    sound = np.ascontiguousarray(block[: size * factor].T, np.float64)
    low = sound[:, ::factor].copy()
    for first in range(1, factor):
        low += sound[:, first::factor]
    low /= factor * full_scale
    high = np.diff(low, axis=1, prepend=low[:, :1])
    step = max(1, min(size, round(_STEP_S * rate_hz / factor)))
    steps = high[:, : size // step * step].reshape(block.shape[1], -1, step)
    return np.asarray(np.einsum("cks,cks->kc", steps, steps) / step)


def prominences(powers: _Powers) -> NDArray[np.float64]:
    """(channels,) how many dB the loud steps of ``powers`` (k, channels) are above the quiet ones."""
    levels_db = 10 * np.log10(np.maximum(np.nan_to_num(powers, posinf=0.0), 10 ** (_SILENCE_DB / 10)))
    quiet, loud = np.percentile(levels_db, (_QUIET, _LOUD), axis=0)
    return np.asarray(loud - quiet)


def best_channel(powers: _Powers) -> int:
    """Index of the channel with speech in ``powers`` (k, channels) of a file; the first of equals."""
    if not len(powers):
        return 0
    found = prominences(powers)
    return int(np.argmax(found >= found.max() - _TIE_DB))


class ChannelChooser:
    """Chooses one channel of a live stream, slowly."""

    def __init__(self, n_channels: int, *, fixed: int | None = None, first: int = 0) -> None:
        """``fixed`` is the index throughout; without it ``first`` is the index to start with."""
        self.index = min(first, n_channels - 1) if fixed is None else fixed
        self.prominence_db: tuple[float, ...] = ()
        self._chooses = fixed is None and n_channels > 1
        self._blocks: list[NDArray[np.int16]] = []  # since the last comparison
        self._n_waiting = 0  # samples of these
        self._powers = np.zeros((_SPAN, n_channels))
        self._n = 0
        self._n_better = 0

    def changed(self, block: NDArray[np.int16], rate_hz: int) -> bool:
        """Takes a block (n, channels); returns whether ``index`` changes with this block."""
        if not self._chooses:
            return False
        self._blocks.append(block)
        self._n_waiting += len(block)
        if self._n_waiting < _EVALUATED_S * rate_hz:
            return False
        blocks, self._blocks, self._n_waiting = np.concatenate(self._blocks), [], 0
        for power in step_powers(blocks, rate_hz, 32768.0):
            self._powers[self._n % _SPAN] = power
            self._n += 1
        found = prominences(self._powers[: self._n])
        self.prominence_db = tuple(round(float(value), 1) for value in found)
        best = int(found.argmax() if found.any() else self._powers.max(axis=0).argmax())
        better = found[best] >= _SPEECH_DB and found[best] >= found[self.index] + _BETTER_DB
        powers = self._powers[: self._n]
        empty = powers[:, self.index].max() <= _EMPTY < powers[:, best].max()  # a slot without a microphone
        self._n_better = _LOOKS if empty else self._n_better + 1 if better else 0
        if self._n_better < _LOOKS:
            return False
        self._n_better, self.index = 0, best
        return True


def chooser_for(wanted: int | Literal["auto"], n_channels: int, last: int) -> ChannelChooser:
    """The chooser for ``audio.channel``; with ``auto`` it begins with the channel chosen ``last``."""
    return ChannelChooser(n_channels, fixed=None if wanted == "auto" else wanted - 1, first=last)
