"""Speech to the input of a vocoder: pitch, voicing and spectral envelope of each frame.

    samples (n,) at 16 kHz ──autocorrelation──► pitch_hz, voiced (k,)
                           ──spectrum, smoothed over a harmonic──► envelope (k, 257), log power

A frame is 5 ms.  The envelope follows CheapTrick (Morise 2015): a window of three pitch periods, the power spectrum
smoothed over two thirds of the pitch, then a lifter that removes the harmonics and restores what smoothing lost.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
FRAME = 80  # samples from one frame to the next
N_FFT = 512

_PITCH_HZ = (70.0, 400.0)
_UNVOICED_HZ = 160.0  # the pitch that stands in where there is none, for the length of the window
_SPAN = 640  # samples of the autocorrelation: nearly three periods of the lowest pitch
_VOICED = 0.45  # of the normalised autocorrelation
_QUIET_DB = 45.0  # below the loudest frame nothing is voiced
_LIFTER = -0.15  # CheapTrick's q1
_SMALLEST = 1e-12

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Speech:
    """One utterance, frame by frame."""

    pitch_hz: Reals  # (k,) also where it is unvoiced: drawn through from the voiced frames beside it
    voiced: NDArray[np.bool_]  # (k,)
    envelope: Reals  # (k, N_FFT // 2 + 1) natural log of power

    @property
    def mean_pitch_hz(self) -> float:
        """The geometric mean over what is voiced."""
        return float(np.exp(np.log(self.pitch_hz[self.voiced] if self.voiced.any() else self.pitch_hz).mean()))


def analysed(samples: Reals) -> Speech:
    """The frames of ``samples`` (n,)."""
    n_frames = 1 + len(samples) // FRAME
    pitch_hz, voiced = _pitch(samples, n_frames)
    return Speech(pitch_hz, voiced, _envelope(samples, np.where(voiced, pitch_hz, _UNVOICED_HZ)))


def _pitch(samples: Reals, n_frames: int) -> tuple[Reals, NDArray[np.bool_]]:
    padded = np.pad(samples, (_SPAN // 2, _SPAN // 2 + FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _SPAN)[: n_frames * FRAME : FRAME]
    taper = np.hanning(_SPAN)
    size = 2 * _SPAN
    spectrum = np.fft.rfft((frames - frames.mean(axis=1, keepdims=True)) * taper, size)
    power = np.fft.irfft(np.abs(spectrum) ** 2, size)[:, :_SPAN]
    # Boersma 1993: divided by the taper's own autocorrelation, or a long period would look like a weak one.
    own = np.fft.irfft(np.abs(np.fft.rfft(taper, size)) ** 2, size)[:_SPAN]
    low, high = round(RATE_HZ / _PITCH_HZ[1]), round(RATE_HZ / _PITCH_HZ[0])
    energy = power[:, :1] + _SMALLEST
    likeness = power[:, : high + 2] / energy / (own[: high + 2] / own[0])
    # Of two periods that fit alike the shorter: the other is its double.
    lags = np.arange(low, high + 1)
    best = lags[np.argmax(likeness[:, low : high + 1] - 0.05 * np.log2(lags / low), axis=1)]
    rows = np.arange(len(best))
    left, middle, right = likeness[rows, best - 1], likeness[rows, best], likeness[rows, best + 1]
    bend = left - 2 * middle + right
    offset = np.where(np.abs(bend) > _SMALLEST, 0.5 * (left - right) / np.where(bend == 0, 1, bend), 0.0)
    loud = 10 * np.log10(energy[:, 0] / energy.max() + _SMALLEST) > -_QUIET_DB
    voiced = (middle > _VOICED) & loud
    pitch_hz = RATE_HZ / (best + np.clip(offset, -0.5, 0.5))
    voiced = _median(voiced.astype(float)) == 1  # most of the five around it
    if not voiced.any():
        return np.full(n_frames, _UNVOICED_HZ), voiced
    at = np.flatnonzero(voiced)
    return np.interp(rows, at, _median(pitch_hz[at])), voiced


def _median(values: Reals) -> Reals:
    """(k,) each the middle one of the five around it."""
    padded = np.pad(values, 2, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1))


def _envelope(samples: Reals, pitch_hz: Reals) -> Reals:
    half = round(1.5 * RATE_HZ / _PITCH_HZ[0]) + 1
    padded = np.pad(samples, (half, half + FRAME))
    n_bins = N_FFT // 2 + 1
    bins_hz = np.arange(n_bins) * RATE_HZ / N_FFT
    quefrency_s = np.minimum(np.arange(N_FFT), N_FFT - np.arange(N_FFT)) / RATE_HZ
    envelope = np.empty((len(pitch_hz), n_bins))
    for row, hz in enumerate(pitch_hz):
        reach = min(half, round(1.5 * RATE_HZ / hz))
        taper = np.hanning(2 * reach + 1)
        piece = padded[row * FRAME + half - reach : row * FRAME + half + reach + 1] * taper
        power = np.abs(np.fft.rfft(piece, N_FFT)) ** 2 / np.sum(taper**2)
        smooth = np.log(np.maximum(_smoothed(power, bins_hz, 2 * hz / 3), _SMALLEST))
        cepstrum = np.fft.irfft(smooth, N_FFT)
        turns = quefrency_s * hz
        lifter = np.sinc(turns) * (1 - 2 * _LIFTER + 2 * _LIFTER * np.cos(2 * np.pi * turns))
        envelope[row] = np.fft.rfft(cepstrum * lifter).real
    return envelope


def _smoothed(power: Reals, bins_hz: Reals, width_hz: float) -> Reals:
    """The mean of ``power`` over ``width_hz`` around each bin, mirrored at both ends."""
    reach = 1 + int(width_hz / bins_hz[1])
    mirrored = np.pad(power, reach, mode="reflect")
    sums = np.concatenate([[0.0], np.cumsum(mirrored)])
    places = np.arange(len(sums)) - 0.5
    middle = np.arange(len(power)) + reach
    width = width_hz / bins_hz[1]
    return np.asarray(
        (np.interp(middle + width / 2, places, sums) - np.interp(middle - width / 2, places, sums)) / width
    )
