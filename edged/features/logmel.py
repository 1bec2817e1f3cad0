"""The log-mel front end: samples to band levels to the image that the models see.

    samples (n,) ──frames, taper, transform──► power (k, 513) ──mel──► (k, 128) ──dB──► levels
    levels (188, 128) ──relative to the loudest, clipped, pairs averaged──► image (188, 64) uint8

Training and device both compute their features here, and nowhere else.  The equations are those of
``librosa.feature.melspectrogram`` and ``librosa.power_to_db(ref=max, amin=1e-10, top_db=80)`` (McFee et al. 2015; mel
scale and area normalisation of Slaney's Auditory Toolbox, 1998), written in numpy alone because librosa is far too
large for a device.  The image divides 80 dB into 255 equal steps, exactly the models' int8 input: features are
quantized once, here.
"""

import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import GEOMETRY, SILENCE_DBFS, Geometry
from edged.features.spectrum import BLOCK, Floats, Spectra, SpectrumTables

__all__ = [
    "Floats",
    "FrontEnd",
    "hz_to_mel",
    "int8_input",
    "levels_of",
    "mel_filters",
    "mel_to_hz",
    "relative_levels",
    "steps_of",
]

_AMIN = np.float32(1e-10)  # librosa.power_to_db clips lower powers to this
_SILENT_POWER = np.float32(1e-20)
_SILENCE_DBFS = np.float32(SILENCE_DBFS)
_DB = np.float32(10 / np.log(10))
_GROUP = 32  # mel bands in one matrix product
_BREAK_HZ, _BREAK_MEL = 1000.0, 15.0  # where Slaney's scale turns from linear to logarithmic
_SPEECH_HZ = (200.0, 4000.0)  # the band in which voices are louder than hum, rumble and hiss


def hz_to_mel(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's mel scale: linear below 1 kHz (200/3 Hz a mel), logarithmic above (27 mels from 1 kHz to 6.4 kHz)."""
    linear = frequency_hz * 3 / 200
    logarithmic = _BREAK_MEL + 27 * np.log(np.maximum(frequency_hz, 1e-9) / _BREAK_HZ) / np.log(6.4)
    return np.where(frequency_hz < _BREAK_HZ, linear, logarithmic)


def mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of ``hz_to_mel``."""
    return np.where(mel < _BREAK_MEL, mel * 200 / 3, _BREAK_HZ * np.exp((mel - _BREAK_MEL) * np.log(6.4) / 27))


def mel_filters(geometry: Geometry = GEOMETRY) -> Floats:
    """(n_mels, n_fft // 2 + 1) triangles of equal area, as ``librosa.filters.mel(norm="slaney")``."""
    bins_hz = np.arange(geometry.n_fft // 2 + 1) * geometry.sample_rate_hz / geometry.n_fft
    limits = hz_to_mel(np.array([geometry.f_min_hz, geometry.f_max_hz]))
    edges_hz = mel_to_hz(np.linspace(limits[0], limits[1], geometry.n_mels + 2))
    widths_hz = np.diff(edges_hz)
    rising = (bins_hz - edges_hz[:-2, None]) / widths_hz[:-1, None]
    falling = (edges_hz[2:, None] - bins_hz) / widths_hz[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    areas = (edges_hz[2:] - edges_hz[:-2]) / 2
    return np.asarray(triangles / areas[:, None], np.float32)


class _Tables:
    """The constant arrays of one geometry; mel filters and loudness weights match the rows of its spectra."""

    def __init__(self, geometry: Geometry) -> None:
        self.spectrum = spectrum = SpectrumTables(geometry)
        bins_hz = np.arange(geometry.n_fft // 2 + 1) * geometry.sample_rate_hz / geometry.n_fft
        # Parseval: the mean square of a frame is the one-sided power over (n_fft * the taper's energy), twice.
        energy = float(np.sum(spectrum.taper**2, dtype=np.float64))
        mean_square = np.full(bins_hz.shape, 2 / (geometry.n_fft * energy))
        mean_square[[0, -1]] /= 2
        speech = mean_square * ((bins_hz >= _SPEECH_HZ[0]) & (bins_hz <= _SPEECH_HZ[1]))
        self.loudness = np.ascontiguousarray(self._by_row(np.stack([mean_square, speech])).T)
        filters = self._by_row(mel_filters(geometry))
        # A filter is 0 in most rows: each group of neighbouring bands is multiplied only with its nonzero rows.
        self.bands = []
        for first in range(0, geometry.n_mels, _GROUP):
            group = filters[first : first + _GROUP]
            rows = np.flatnonzero(group.any(axis=0))
            begin, end = (rows[0], rows[-1] + 1) if len(rows) else (0, 1)
            bands = slice(first, first + len(group))
            self.bands.append((bands, slice(begin, end), np.ascontiguousarray(group[:, begin:end].T)))

    def _by_row(self, weights: NDArray[Any]) -> Floats:
        """``weights`` (m, n_fft // 2 + 1) of the bins as (m, n_rows), each bin counted once."""
        spectrum = self.spectrum
        return np.asarray(weights[:, spectrum.bins] * spectrum.counted, np.float32)


@cache
def _tables(geometry: Geometry) -> _Tables:
    return _Tables(geometry)


class _Work(threading.local):
    """Working memory for frames, one per thread."""

    def __init__(self, geometry: Geometry, block: int) -> None:
        self.spectra = Spectra(_tables(geometry).spectrum, block)


def _decibels(power: Floats, floor: np.float32) -> Floats:
    """``power`` in place, in dB, clipped to ``floor`` from below."""
    np.log(np.maximum(power, floor, out=power), out=power)
    power *= _DB
    return power


class FrontEnd:
    """Frames to band levels.  One instance serves any number of streams and threads."""

    def __init__(self, geometry: Geometry = GEOMETRY, block: int = BLOCK) -> None:
        """At most ``block`` frames are computed at once."""
        self.geometry = geometry
        self._tables = _tables(geometry)
        self._work = _Work(geometry, block)

    def n_frames(self, n_samples: int) -> int:
        """The number of whole frames in ``n_samples`` samples."""
        return max(0, 1 + (n_samples - self.geometry.n_fft) // self.geometry.hop)

    def power(self, samples: Floats) -> Floats:
        """(k, n_fft // 2 + 1) the power spectrum of each whole frame in ``samples`` (n,), the first at sample 0."""
        spectrum = self._tables.spectrum
        whole = np.empty((self.n_frames(len(samples)), self.geometry.n_fft // 2 + 1), np.float32)
        for frames, power in self._spectra(samples):
            whole[frames, spectrum.bins[spectrum.counted]] = power[:, spectrum.counted]
        return whole

    def levels(self, samples: Floats, out: Floats | None = None, loudness: Floats | None = None) -> Floats:
        """(k, n_mels) dB of each band of each whole frame in ``samples`` (n,); 1e-10 and below is -100 dB.

        They are written to ``out`` if given.  ``loudness`` (k, 2) gets the RMS of each frame in dBFS, at least -96:
        over the whole band, and from 200 to 4000 Hz.
        """
        levels = np.empty((self.n_frames(len(samples)), self.geometry.n_mels), np.float32) if out is None else out
        for frames, power in self._spectra(samples):
            for group, rows, filters in self._tables.bands:
                np.matmul(power[:, rows], filters, out=levels[frames, group])
            if loudness is not None:
                np.matmul(power, self._tables.loudness, out=loudness[frames])
        _decibels(levels, _AMIN)
        if loudness is not None:
            np.maximum(_decibels(loudness, _SILENT_POWER), _SILENCE_DBFS, out=loudness)
        return levels

    def _spectra(self, samples: Floats) -> Iterator[tuple[slice, Floats]]:
        """Frames of ``samples`` in blocks: their slice and power (n_frames, n_rows), overwritten by the next block."""
        samples = np.ascontiguousarray(samples, np.float32)
        n_frames, spectra = self.n_frames(len(samples)), self._work.spectra
        # Blocks of equal size: a small one wastes time.  A large block gives the same bits as small ones.
        size = -(-n_frames // -(-n_frames // BLOCK)) if n_frames else 1
        block = spectra.block // BLOCK * size
        for first in range(0, n_frames, block):
            end = min(first + block, n_frames)
            yield slice(first, end), spectra.power(samples[first * self.geometry.hop :], end - first, size)

    def image(self, levels: Floats) -> NDArray[np.uint8]:
        """(n_frames, n_bands) 0..255 for -80..0 dB below the loudest of ``levels`` (k <= n_frames, n_mels).

        Missing frames at the end are 0, the most silent.  Where all levels are equal (digital silence) all are 255, the
        loudest, as in librosa; the gate keeps such windows from the models.
        """
        geometry = self.geometry
        n_each = geometry.n_mels // geometry.n_bands
        floor = levels.max() - np.float32(geometry.top_db)
        # The same as ``steps_of(relative_levels(levels))``, with half as many passes over the window.
        clipped = np.maximum(levels, np.full(levels.shape[1], floor, np.float32))
        bands = _sums(clipped, n_each)
        bands -= n_each * floor
        bands *= np.float32(255 / (n_each * geometry.top_db))
        image = np.empty((geometry.n_frames, geometry.n_bands), np.uint8)
        image[: len(levels)] = np.rint(bands, out=bands)
        image[len(levels) :] = 0
        return image

    def clip_levels(self, samples: Floats) -> Floats:
        """(k, n_mels) dB over a whole clip (n,), its frames centred on samples 0, hop, 2 hop …, zeros outside it."""
        half = self.geometry.n_fft // 2
        padded = np.zeros(len(samples) + 2 * half, np.float32)  # np.pad takes as long as six frames
        padded[half : half + len(samples)] = samples
        return self.levels(padded)


def relative_levels(levels: Floats, geometry: Geometry = GEOMETRY) -> Floats:
    """(n_frames, n_bands) dB relative to the loudest of ``levels`` (k <= n_frames, n_mels), from -top_db to 0.

    Neighbouring mel bands are averaged to ``n_bands``.  Missing frames at the end are at -top_db.
    """
    n_each = geometry.n_mels // geometry.n_bands
    below: Floats = levels - levels.max()
    # numpy's maximum of an array and a number takes four times as long.
    np.maximum(below, np.full(levels.shape[1], -geometry.top_db, np.float32), out=below)
    if n_each > 1:
        below = _sums(below, n_each)
        below /= np.float32(n_each)
    if len(below) == geometry.n_frames:
        return below
    relative = np.full((geometry.n_frames, geometry.n_bands), -geometry.top_db, np.float32)
    relative[: len(below)] = below
    return relative


def _sums(levels: Floats, n_each: int) -> Floats:
    """(k, n) sums of ``n_each`` neighbours of ``levels`` (k, n * n_each); numpy's sums over a short axis are slow."""
    sums = levels.copy() if n_each == 1 else levels[:, ::n_each] + levels[:, 1::n_each]
    for first in range(2, n_each):
        sums += levels[:, first::n_each]
    return sums


def steps_of(relative: Floats, geometry: Geometry = GEOMETRY) -> NDArray[np.uint8]:
    """(..., n_bands) 0..255 for -top_db..0 dB."""
    steps = np.rint((relative + np.float32(geometry.top_db)) * np.float32(255 / geometry.top_db))
    return np.asarray(steps, np.uint8)


def levels_of(image: NDArray[np.int8], geometry: Geometry = GEOMETRY) -> Floats:
    """(..., n_bands) dB, -top_db..0, of a model's int8 ``image``."""
    above = (image.astype(np.float32) + np.float32(128)) * np.float32(geometry.quantum_db)
    return np.asarray(above - np.float32(geometry.top_db), np.float32)


def int8_input(image: NDArray[np.uint8]) -> NDArray[np.int8]:
    """The image as the models' int8 input, without loss: 0..255 becomes -128..127, scale 80/255 dB, zero point -128.

    The real value is dB above the floor of the window, so that the zeros with which convolutions pad are silence.
    """
    return (image ^ np.uint8(0x80)).view(np.int8)
