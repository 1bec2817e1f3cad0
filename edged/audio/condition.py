"""Gain and high-pass, the same for a microphone and a recording, before anything else hears the sound.

    AudioChunk ──high-pass (12 dB an octave)──gain──► AudioChunk, same counts and clocks; unchanged where both are off

The high-pass is a Butterworth filter of second order, by the bilinear transform (R. Bristow-Johnson, "Cookbook formulae
for audio EQ biquad filter coefficients").  A loop over samples is too slow in Python and scipy too large for a device,
so it runs over blocks, in 0.3 to 0.7 ms for a second of sound on an x86 core: with the filter's state s (2,) before a
block x (m,), exactly

    y = T x + O s        T (m, m) Toeplitz of the impulse response, O (m, 2) what the state adds to each sample
    s' = A^m s + G x     G (2, m) what each sample leaves in the state

The cut of the stream changes nothing but the last bits.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edged.audio.ring import AudioChunk, Floats
from edged.features.geometry import GEOMETRY

_BLOCK = 128  # samples; a larger one multiplies more, a smaller one loops more
_Q = math.sqrt(0.5)  # Butterworth: the flattest

_Matrix = NDArray[np.float64]


class Conditioner:
    """One stream of chunks; a gap in it starts the filter anew."""

    def __init__(self, *, gain_db: float, highpass_hz: float) -> None:
        self._gain = np.float32(10 ** (gain_db / 20))
        self._highpass = _Highpass(highpass_hz, GEOMETRY.sample_rate_hz) if highpass_hz else None
        self._next = 0  # the count at which the next chunk begins if there is no gap

    def conditioned(self, chunk: AudioChunk) -> AudioChunk:
        """The chunk as the models are to hear it; its own samples are left as they are."""
        samples = chunk.samples
        if self._highpass is not None and len(samples):
            if chunk.start != self._next or not chunk.start:
                self._highpass.restart(float(samples[0]))
            samples = self._highpass.filtered(samples)
        self._next = chunk.start + len(samples)
        if self._gain != 1:
            samples = samples * self._gain
        return replace(chunk, samples=samples)


class _Highpass:
    """The filter and its state."""

    def __init__(self, cutoff_hz: float, sample_rate_hz: int) -> None:
        omega = 2 * math.pi * cutoff_hz / sample_rate_hz
        alpha = math.sin(omega) / (2 * _Q)
        b0 = b2 = (1 + math.cos(omega)) / (2 * (1 + alpha))
        b1 = -2 * b0
        a1, a2 = -2 * math.cos(omega) / (1 + alpha), (1 - alpha) / (1 + alpha)
        # Transposed direct form II as x, s -> y, s': y = b0 x + s[0], s' = step s + into x.
        step = np.array([[-a1, 1.0], [-a2, 0.0]])
        into = np.array([b1 - a1 * b0, b2 - a2 * b0])
        self._powers = [np.eye(2)]  # step^m
        for _ in range(_BLOCK):
            self._powers.append(step @ self._powers[-1])
        self._from_state: _Matrix = np.stack([power[0] for power in self._powers[:-1]])
        self._to_state: _Matrix = np.stack([power @ into for power in reversed(self._powers[:-1])], axis=1)
        impulse = np.concatenate([[b0], self._from_state[:-1] @ into])
        delay = np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK))
        self._from_samples: _Matrix = np.where(delay >= 0, impulse[np.maximum(delay, 0)], 0.0)
        self._steady = np.array([-b0, b2])  # the state after an endless constant of 1
        self._state = np.zeros(2)

    def restart(self, first: float) -> None:
        """Begins as if ``first`` had been there for ever: a device's constant offset must not begin with a click."""
        self._state = self._steady * first

    def filtered(self, samples: Floats) -> Floats:
        """(n,) to (n,); what it leaves in the state is heard in the next."""
        whole = len(samples) // _BLOCK * _BLOCK
        blocks = samples[:whole].reshape(-1, _BLOCK).astype(np.float64)
        rest = samples[whole:].astype(np.float64)
        states = np.empty((len(blocks), 2))
        for place, left in enumerate(blocks @ self._to_state.T):
            states[place] = self._state
            self._state = self._powers[-1] @ self._state + left
        out = np.empty(len(samples), np.float32)
        out[:whole] = (blocks @ self._from_samples.T + states @ self._from_state.T).ravel()
        if len(rest):
            n = len(rest)
            out[whole:] = self._from_samples[:n, :n] @ rest + self._from_state[:n] @ self._state
            self._state = self._powers[n] @ self._state + self._to_state[:, -n:] @ rest
        return out
