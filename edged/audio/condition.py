"""The filters and the gain that microphone and recording share, before any other stage gets the sound.

    AudioChunk ──high-pass──notches at 50 and 60 Hz──gain──► AudioChunk, same counts and clocks

Features are relative to the loudest cell of a window, so even an inaudible offset or hum changes the answers.  The
high-pass is a second-order Butterworth filter and removes the offset; the notches are 4 Hz wide and remove the hum of
the mains with its drift, below any voice.  Both are biquads by the bilinear transform (R. Bristow-Johnson, "Cookbook
formulae for audio EQ biquad filter coefficients"), in series as one system with state s (2 per biquad).  A loop over
samples is too slow in Python and scipy too large for a device, so it runs over blocks x (m,) of samples, exactly

    y = T x + O s        T (m, m) Toeplitz of the impulse response, O (m, 2k) what the state adds to each sample
    s' = A^m s + G x     G (2k, m) what each sample leaves in the state

How the stream is cut into chunks changes only the last bits.  A second of sound takes 0.1 ms on an x86 core, in pieces
of half a second or more, whatever the number of biquads.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edged.audio.ring import AudioChunk
from edged.config.structs import Audio
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

MAINS_HZ = (50, 60)
_NOTCH_WIDTH_HZ = 4.0  # at -3 dB; the mains drift by 0.2 Hz, and a narrower notch takes longer to settle
_GROUP = 16  # steps of the state that one product takes
_BLOCK = 64  # samples; a larger one multiplies more, a smaller one loops more
_Q = math.sqrt(0.5)  # Butterworth: the flattest

_Matrix = NDArray[np.float64]


class Conditioner:
    """One stream of chunks; a gap in it restarts the filters."""

    def __init__(self, *, gain_db: float, highpass_hz: float, remove_hum: bool = False) -> None:
        self._gain = np.float32(10 ** (gain_db / 20))
        biquads = [_highpass(highpass_hz)] if highpass_hz else []
        biquads += [_notch(mains_hz) for mains_hz in MAINS_HZ if remove_hum]
        self._filter = _BlockFilter(biquads) if biquads else None
        self._next = 0  # the count at which the next chunk begins if there is no gap

    def conditioned(self, chunk: AudioChunk) -> AudioChunk:
        """The chunk, filtered and amplified; the samples that came in stay as they are."""
        samples = chunk.samples
        if self._filter is not None and len(samples):
            if chunk.start != self._next or not chunk.start:
                self._filter.restart(float(samples[0]))
            samples = self._filter.filtered(samples)
        self._next = chunk.start + len(samples)
        if self._gain != 1:
            samples = samples * self._gain
        return replace(chunk, samples=samples)


@dataclass(frozen=True, slots=True)
class _Biquad:
    """y = b0 x + b1 x' + b2 x'' - a1 y' - a2 y''."""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float

    @property
    def constant_gain(self) -> float:
        """The gain at 0 Hz."""
        return (self.b0 + self.b1 + self.b2) / (1 + self.a1 + self.a2)


def _highpass(cutoff_hz: float) -> _Biquad:
    omega = 2 * math.pi * cutoff_hz / GEOMETRY.sample_rate_hz
    alpha = math.sin(omega) / (2 * _Q)
    b0 = (1 + math.cos(omega)) / (2 * (1 + alpha))
    return _Biquad(b0, -2 * b0, b0, -2 * math.cos(omega) / (1 + alpha), (1 - alpha) / (1 + alpha))


def _notch(centre_hz: float) -> _Biquad:
    omega = 2 * math.pi * centre_hz / GEOMETRY.sample_rate_hz
    alpha = math.sin(omega) * _NOTCH_WIDTH_HZ / (2 * centre_hz)
    b0, a1 = 1 / (1 + alpha), -2 * math.cos(omega) / (1 + alpha)
    return _Biquad(b0, a1, b0, a1, (1 - alpha) / (1 + alpha))


class _Steps:
    """s' = A s + g for many g at once: one product per group of 16, and the ends of the groups are such steps again.

    A loop over the g takes ten times as long.
    """

    def __init__(self, step: _Matrix) -> None:
        """``step`` is A (k, k)."""
        powers = [np.eye(len(step))]
        for _ in range(_GROUP):
            powers.append(step @ powers[-1])
        self._step = powers[-1]  # over a group
        nothing = np.zeros_like(step)
        by_row = [[powers[to - at].T if to >= at else nothing for to in range(_GROUP)] for at in range(_GROUP)]
        self._within: _Matrix = np.block(by_row)  # (group * k, group * k) from each g to each state
        self._carry: _Matrix = np.hstack([power.T for power in powers[1:]])  # (k, group * k) from the state before
        self._groups: _Steps | None = None  # created when first needed

    def states(self, left: _Matrix, state: _Matrix) -> _Matrix:
        """(n, k) the state after each row of ``left`` (n, k), from ``state`` (k,) before all of them."""
        n, k = left.shape
        if n <= _GROUP:
            size = n * k
            return np.asarray((left.ravel() @ self._within[:size, :size] + state @ self._carry[:, :size]).reshape(n, k))
        if self._groups is None:
            self._groups = _Steps(self._step)
        whole = n // _GROUP * _GROUP
        after = left[:whole].reshape(-1, _GROUP * k) @ self._within
        ends = self._groups.states(after[:, -k:], state)
        after[0] += state @ self._carry
        after[1:] += ends[:-1] @ self._carry
        rows = after.reshape(whole, k)
        return rows if whole == n else np.concatenate([rows, self.states(left[whole:], ends[-1])])


class _BlockFilter:
    """Biquads in series and their state."""

    def __init__(self, biquads: list[_Biquad]) -> None:
        # x, s -> y, s': y = direct x + out s, s' = step s + into x.  Each biquad in transposed direct form II.
        step: _Matrix = np.zeros((0, 0))
        into: _Matrix = np.zeros(0)
        out: _Matrix = np.zeros(0)
        steady: _Matrix = np.zeros(0)  # the state after an endless constant of 1
        direct, constant = 1.0, 1.0
        for one in biquads:
            own_step = np.array([[-one.a1, 1.0], [-one.a2, 0.0]])
            own_into = np.array([one.b1 - one.a1 * one.b0, one.b2 - one.a2 * one.b0])
            own_out = np.array([1.0, 0.0])
            step = np.block([[step, np.zeros((len(into), 2))], [np.outer(own_into, out), own_step]])
            into = np.concatenate([into, own_into * direct])
            out = np.concatenate([out * one.b0, own_out])
            through = one.constant_gain
            own_steady = constant * np.array([through - one.b0, one.b2 - one.a2 * through])
            steady = np.concatenate([steady, own_steady])
            direct, constant = direct * one.b0, constant * through
        self._steady = steady
        self._powers = [np.eye(len(into))]  # step^m
        for _ in range(_BLOCK):
            self._powers.append(step @ self._powers[-1])
        self._from_state: _Matrix = np.stack([out @ power for power in self._powers[:-1]])
        self._to_state: _Matrix = np.stack([power @ into for power in reversed(self._powers[:-1])], axis=1)
        impulse = np.concatenate([[direct], self._from_state[:-1] @ into])
        delay = np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK))
        self._from_samples: _Matrix = np.where(delay >= 0, impulse[np.maximum(delay, 0)], 0.0)
        self._from_both: _Matrix = np.concatenate([self._from_samples, self._from_state], axis=1).T
        self._steps = _Steps(self._powers[-1])
        self._state = np.zeros(len(into))

    def restart(self, first: float) -> None:
        """Starts as if ``first`` had always been there: a device's constant offset must not begin with a click."""
        self._state = self._steady * first

    def filtered(self, samples: Floats) -> Floats:
        """(n,) to (n,); the state carries over to the next call."""
        whole = len(samples) // _BLOCK * _BLOCK
        rest = samples[whole:].astype(np.float64)
        out = np.empty(len(samples), np.float32)
        if whole:
            n_states = len(self._state)
            blocks = np.empty((whole // _BLOCK, _BLOCK + n_states))  # the samples of each, then the state before it
            blocks[:, :_BLOCK] = samples[:whole].reshape(-1, _BLOCK)
            after = self._steps.states(blocks[:, :_BLOCK] @ self._to_state.T, self._state)
            blocks[0, _BLOCK:], blocks[1:, _BLOCK:] = self._state, after[:-1]
            self._state = after[-1].copy()
            out[:whole].reshape(-1, _BLOCK)[:] = blocks @ self._from_both
        if len(rest):
            n = len(rest)
            out[whole:] = self._from_samples[:n, :n] @ rest + self._from_state[:n] @ self._state
            self._state = self._powers[n] @ self._state + self._to_state[:, -n:] @ rest
        return out


def conditioner_for(audio: Audio) -> Conditioner:
    """The conditioner of a config's section ``audio``."""
    return Conditioner(gain_db=audio.gain_db, highpass_hz=audio.highpass_hz, remove_hum=audio.remove_hum)
