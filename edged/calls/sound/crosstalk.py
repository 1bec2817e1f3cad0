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
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.spectrum import Spectra, SpectrumTables

_PIECE = GEOMETRY.sample_rate_hz // 4  # samples that are kept or silenced together
_AROUND = _PIECE  # samples before and after it that count too
_ABOUT = _PIECE + 2 * _AROUND
_FRAMES = replace(GEOMETRY, hop=GEOMETRY.n_fft // 2)
_N_FRAMES = 1 + (_ABOUT - _FRAMES.n_fft) // _FRAMES.hop
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
        self._sound = np.zeros((2, _AROUND), np.float32)  # of customer and agent, from before the next piece on
        self._levels_db: list[float] = []
        self._is_silent = False  # the piece before
        tables = SpectrumTables(_FRAMES)
        self._spectra = Spectra(tables, _N_FRAMES)
        hz = tables.bins * (_FRAMES.sample_rate_hz / _FRAMES.n_fft)
        self._voice = np.flatnonzero(tables.counted & (hz >= _VOICE_HZ[0]) & (hz <= _VOICE_HZ[1]))

    @property
    def leak(self) -> Leak:
        """The leak so far."""
        seconds = len(self._levels_db) * _PIECE / GEOMETRY.sample_rate_hz
        return Leak(seconds, float(np.median(self._levels_db)) if self._levels_db else None)

    def push(self, customer: Floats, agent: Floats) -> tuple[Floats, Floats]:
        """(m,) of both, the customer without leaks, as far as ``customer`` and ``agent`` (n,) decide them."""
        self._sound = np.concatenate([self._sound, [customer, agent]], axis=1)
        return self._done(whole=False)

    def flush(self) -> tuple[Floats, Floats]:
        """(m,) the rest of both."""
        return self._done(whole=True)

    def _done(self, *, whole: bool) -> tuple[Floats, Floats]:
        sound = self._sound
        n_waiting = sound.shape[1] - _AROUND
        n_pieces = -(-n_waiting // _PIECE) if whole else max(0, (n_waiting - _AROUND) // _PIECE)
        made = sound[:, _AROUND : _AROUND + n_pieces * _PIECE].copy()
        leaks_db = self._leaks_db(sound, n_pieces)
        for index in range(n_pieces):
            self._weigh(made[0, index * _PIECE : (index + 1) * _PIECE], silent=index in leaks_db)
        self._levels_db += leaks_db.values()
        self._sound = sound[:, n_pieces * _PIECE :]
        return made[0], made[1]

    def _leaks_db(self, sound: Floats, n_pieces: int) -> dict[int, float]:
        """The level of the leak in each of the first ``n_pieces`` of ``sound`` (2, n) that has one."""
        customer, agent = _powers(sound, n_pieces)
        softer = (customer >= _SOFTEST**2) & (agent >= customer * 10 ** (_SOFTER_DB / 10))
        leaks_db = {}
        for index in np.flatnonzero(softer).tolist():
            if self._is_leak(sound[:, index * _PIECE : index * _PIECE + _ABOUT]):
                leaks_db[index] = 10 * math.log10(max(customer[index], _TINY) / agent[index])
        return leaks_db

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

    def _is_leak(self, about: Floats) -> bool:
        """Whether the customer's channel of ``about`` (2, n) holds the agent's sound alone."""
        n_frames = 1 + (about.shape[1] - _FRAMES.n_fft) // _FRAMES.hop
        if n_frames <= 1:
            return False
        own = self._spectra.parts(about[0], n_frames).copy()
        others = self._spectra.parts(about[1], n_frames)
        customer, agent = self._sum(own, own), self._sum(others, others)
        real, imaginary = self._sum(own, others), self._sum(own[:1], others[1:]) - self._sum(own[1:], others[:1])
        coherence = (real**2 + imaginary**2) / np.maximum(customer * agent, _TINY)
        chance = 1 / (n_frames / 2)  # what independent sound has with as many half-overlapping frames
        explained = (float(coherence @ customer / max(customer.sum(), _TINY)) - chance) / (1 - chance)
        return explained >= _EXPLAINED

    def _sum(self, left: Floats, right: Floats) -> NDArray[np.float64]:
        """(n_bins,) of voices: the products of both (parts, n_2, n_frames, K), summed over parts and frames."""
        summed = np.einsum("rjkl,rjkl->jl", left, right).ravel()
        return np.asarray(summed[self._voice], np.float64)


def _powers(sound: Floats, n_pieces: int) -> NDArray[np.float64]:
    """(2, n_pieces) the mean square of each piece of ``sound`` (2, n) with its neighbours, the first at sample 0."""
    n = sound.shape[1]
    n_whole = n // _PIECE
    whole = sound[:, : n_whole * _PIECE].reshape(2, n_whole, 1, _PIECE)
    rest = sound[:, None, n_whole * _PIECE :]
    energies = [np.zeros((2, 1)), (whole @ whole.swapaxes(2, 3))[:, :, 0, 0], (rest @ rest.swapaxes(1, 2))[:, :, 0]]
    until = np.cumsum(np.concatenate(energies, axis=1), axis=1)
    first = np.arange(n_pieces)
    end = np.minimum(first + _ABOUT // _PIECE, n_whole + 1)
    return np.asarray((until[:, end] - until[:, first]) / (np.minimum(end * _PIECE, n) - first * _PIECE))
