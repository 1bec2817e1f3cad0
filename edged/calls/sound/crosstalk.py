"""Both parties' sound to the customer's, without what leaks over from the agent's channel.

    customer, agent (n,) ──a quarter of a second, with its neighbours──► coherence and level of both
                         ──the agent is louder, and the customer's channel is the agent's sound──► silence there

Telephone hybrids and loud receivers let the agent's voice into the customer's channel, 15 to 40 dB softer; alone there,
it would be taken for the customer.  For each quarter second the customer's power that the agent's channel explains
linearly is estimated over 64 ms frames: the magnitude-squared coherence (Carter 1987), weighted by the customer's
power.  It does not depend on the level or spectrum of the leak.  Coherence does not tell the direction, but the level
does: a leak is softer than its source.  The customer's voice in the agent's channel is louder in its own, and is kept;
where both speak, the customer's sound is not in the agent's channel, and the coherence drops.
"""

import math
from typing import NamedTuple

import numpy as np

from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_PIECE = GEOMETRY.sample_rate_hz // 4  # samples that are kept or silenced together
_AROUND = _PIECE  # samples before and after it that count too
_FRAME, _HOP = 1024, 512  # samples
_VOICE_HZ = (300.0, 3400.0)
_SOFTEST = 10 ** (-65 / 20)  # rms: below it the gate detects no speech anyway
_SOFTER_DB = 6.0  # a leak is at least this much softer than its source
_EXPLAINED = 0.6  # share of the customer's power that is the agent's
_TINY = 1e-20
_FADE = 160  # samples, 10 ms: a cut inside a vowel would click in all bands


class Leak(NamedTuple):
    """The part of the customer's channel that was silenced."""

    seconds: float
    level_db: float | None  # of the leak against its source, the median; None without one


class CrosstalkFilter:
    """Silences what leaks, a piece at a time; its output lags behind by up to half a second."""

    def __init__(self) -> None:
        self._before = np.zeros((2, _AROUND), np.float32)  # of customer and agent, before the next piece
        self._waiting = np.zeros((2, 0), np.float32)
        self._levels_db: list[float] = []
        self._is_silent = False  # the piece before
        hz = np.fft.rfftfreq(_FRAME, 1 / GEOMETRY.sample_rate_hz)
        self._voice = slice(*np.searchsorted(hz, _VOICE_HZ))
        self._taper = np.hanning(_FRAME).astype(np.float32)

    @property
    def leak(self) -> Leak:
        """The leak so far."""
        seconds = len(self._levels_db) * _PIECE / GEOMETRY.sample_rate_hz
        return Leak(seconds, float(np.median(self._levels_db)) if self._levels_db else None)

    def push(self, customer: Floats, agent: Floats) -> tuple[Floats, Floats]:
        """(m,) of both, the customer without leaks, as far as ``customer`` and ``agent`` (n,) decide them."""
        self._waiting = np.concatenate([self._waiting, np.stack([customer, agent])], axis=1)
        return self._done(whole=False)

    def flush(self) -> tuple[Floats, Floats]:
        """(m,) the rest of both."""
        return self._done(whole=True)

    def _done(self, *, whole: bool) -> tuple[Floats, Floats]:
        n = self._waiting.shape[1]
        n_pieces = -(-n // _PIECE) if whole else max(0, (n - _AROUND) // _PIECE)
        sound = np.concatenate([self._before, self._waiting], axis=1)
        made = self._waiting[:, : n_pieces * _PIECE].copy()
        for index in range(n_pieces):
            first = index * _PIECE
            about = slice(first, first + 2 * _AROUND + _PIECE)
            level_db = self._leak_db(sound[:, about])
            if level_db is not None:
                self._levels_db.append(level_db)
            self._weigh(made[0, first : first + _PIECE], silent=level_db is not None)
        self._before = sound[:, n_pieces * _PIECE : n_pieces * _PIECE + _AROUND]
        self._waiting = self._waiting[:, n_pieces * _PIECE :]
        return made[0], made[1]

    def _weigh(self, customer: Floats, *, silent: bool) -> None:
        """Silences ``customer`` (n,) in place, or fades it beside a silenced piece."""
        if silent or self._is_silent:
            n = min(_FADE, len(customer))
            slope = np.linspace(0, 1, n, dtype=np.float32)
            if not silent:
                customer[:n] *= slope
            elif self._is_silent:
                customer[:] = 0
            else:
                customer[:n] *= slope[::-1]
                customer[n:] = 0
        self._is_silent = silent

    def _leak_db(self, about: Floats) -> float | None:
        """The level of the leak against the agent's, dB, where ``about`` (2, n) holds one alone; else None."""
        n_frames = 1 + (about.shape[1] - _FRAME) // _HOP
        powers = [float(side @ side) / about.shape[1] for side in about]
        if n_frames <= 1 or powers[0] < _SOFTEST**2 or powers[1] < powers[0] * 10 ** (_SOFTER_DB / 10):
            return None
        index = np.arange(n_frames)[:, None] * _HOP + np.arange(_FRAME)
        spectra = np.fft.rfft(about[:, index] * self._taper, axis=2)[:, :, self._voice]
        customer, agent = (np.square(spectra.real) + np.square(spectra.imag)).sum(axis=1)
        both = np.square(np.abs((spectra[0] * spectra[1].conj()).sum(axis=0)))
        coherence = both / np.maximum(customer * agent, _TINY)
        chance = 1 / (n_frames / 2)  # what independent sound has with as many half-overlapping frames
        explained = (float(coherence @ customer / max(customer.sum(), _TINY)) - chance) / (1 - chance)
        if explained < _EXPLAINED:
            return None
        return 10 * math.log10(max(powers[0], _TINY) / powers[1])
