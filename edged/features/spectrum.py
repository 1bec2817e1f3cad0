"""Frames to power spectra, as two matrix products in float32.

    samples (n,) ──k frames, split by n2──► (n_2, k, n_1) ──taper, DFT over n1, twiddle──► (2, n_2, k, K)
    ──DFT over n2──► (2, n_2, k, K) ──squares──► power (k, n_rows)

With n = n_2 n1 + n2 and bin = k1 + n_1 k2 the transform of length n_fft = n_1 n_2 is two short ones (Cooley and Tukey
1965).  Samples are real, so K = n_1 // 2 + 1 values of k1 are enough: the bins above n_fft / 2 mirror others.  The
matrices of the first step contain taper and twiddle factors.  An FFT has a seventh of the operations, but numpy 1
computes it in double precision, and numpy 1 and 2 allocate the result on each call; here BLAS works in memory that is
allocated once.  convert/LOG.md compares this with numpy, scipy and ducc0.

If n_fft has no suitable factors, numpy computes the transform.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import GEOMETRY, Geometry

Floats = NDArray[np.float32]

# Frames that are transformed at once, about a stride: their arrays fit into the L2 cache of a Cortex-A53.
BLOCK = 32
# For sound that is not live: computed for many frames at once, the mel bands cost half as much per frame.
LARGE_BLOCK = 3 * BLOCK
_UNPACKED = 1_000_000  # multiply-adds of a product that OpenBLAS computes without packing its factors first
_FACTORS = range(8, 65)  # n_2: smaller ones cost more operations in the first step, larger ones in the second
_MAX_FIRST = 128  # n_1


def taper(geometry: Geometry = GEOMETRY) -> Floats:
    """(n_fft,) the periodic Hann weights."""
    phase = 2 * np.pi * np.arange(geometry.n_fft) / geometry.n_fft
    return np.asarray(0.5 - 0.5 * np.cos(phase), np.float32)


class SpectrumTables:
    """The matrices of one geometry; ``bins`` (n_rows,) are the bins of the rows, from 0 to n_fft / 2.

    Bins that are multiples of n_1 / 2 have two rows of equal power; ``counted`` (n_rows,) is False for the second.
    """

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry
        self.taper = taper(geometry)
        self.factors = _factors(geometry.n_fft)
        if self.factors is None:
            self.bins = np.arange(geometry.n_fft // 2 + 1)
        else:
            self._factorise(*self.factors)
        first = np.unique(self.bins, return_index=True)[1]
        self.counted = np.zeros(len(self.bins), np.bool_)
        self.counted[first] = True

    def _factorise(self, n_1: int, n_2: int) -> None:
        n_fft, n_kept = n_1 * n_2, n_1 // 2 + 1
        n1, n2, k1 = np.arange(n_1), np.arange(n_2), np.arange(n_kept)
        n = n_2 * n1[None, :, None] + n2[:, None, None]  # (n_2, n_1, 1)
        first = self.taper[n] * np.exp(-2j * np.pi * (n * k1 % n_fft) / n_fft)  # (n_2, n_1, K)
        self.first = np.stack([first.real, first.imag]).astype(np.float32)
        # 0, n_2 - 1, 1, n_2 - 2, …: the bins of the rows then rise in blocks of K, and the mel bands cover few rows.
        k2 = np.stack([n2, n_2 - 1 - n2], axis=1).ravel()[:n_2]
        phase = 2 * np.pi * (np.outer(k2, n2) % n_2) / n_2
        cos, sin = np.cos(phase), np.sin(phase)
        self.second = np.block([[cos, sin], [-sin, cos]]).astype(np.float32)
        bins = (k1[None, :] + n_1 * k2[:, None]).ravel()
        self.bins = np.minimum(bins, n_fft - bins)


class _Views(NamedTuple):
    """The working memory, shaped for a number of frames; arrays that are never needed at once share it."""

    columns: Floats  # (n_2, samples / n_2): every n_2-th sample, if frames begin at such samples; in whole's memory
    overlapping: Floats  # (n_2, k, n_1), the same memory
    split: Floats  # (n_2, k, n_1)
    half: Floats  # (2, n_2, k, K)
    whole: Floats  # (2, n_2, k, K)
    frames: list[tuple[Floats, Floats]]  # of split and half, the same frames
    products: list[tuple[Floats, Floats]]  # of half and whole, the same columns as (2 n_2, n)
    by_frame: Floats  # (k, n_2, K), in split's memory
    power: Floats  # (k, n_rows), the same memory


class Spectra:
    """Transforms frames of one stream in working memory of its own; one thread owns it."""

    def __init__(self, tables: SpectrumTables, block: int = BLOCK) -> None:
        """At most ``block`` frames are transformed at once."""
        self.block = block
        self._tables = tables
        self._views: dict[tuple[int, int], _Views] = {}  # by the number of frames, in all and at once
        if tables.factors is not None:
            self._memory = np.empty((3, block * (tables.geometry.n_fft + 4 * sum(tables.factors))), np.float32)

    def power(self, samples: Floats, n_frames: int, at_once: int = BLOCK) -> Floats:
        """(n_frames, n_rows) of the first ``n_frames`` (at most ``block``) of ``samples``; the next call overwrites it.

        The rows are those of ``SpectrumTables.bins``.  Each ``at_once`` frames have the bits of a call of their own.
        """
        tables = self._tables
        if tables.factors is None:
            step = samples.strides[0]
            frames = _strided(samples, (n_frames, tables.geometry.n_fft), (tables.geometry.hop * step, step))
            spectrum = np.fft.rfft(frames * tables.taper, axis=1)
            return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)
        views = self._transformed(samples, n_frames, at_once, *tables.factors)
        np.square(views.whole, out=views.whole)
        np.add(views.whole[0], views.whole[1], out=views.half[0])
        views.by_frame[:] = views.half[0].transpose(1, 0, 2)
        return views.power

    def parts(self, samples: Floats, n_frames: int) -> Floats:
        """(2, n_2, n_frames, K) real and imaginary parts of the spectra; the next call overwrites them.

        The rows are (n_2, K) of ``SpectrumTables.bins``, some of them the mirrors of their bins.

        Raises:
            ValueError: the length of a frame has no factors.
        """
        if self._tables.factors is None:
            raise ValueError(f"n_fft {self._tables.geometry.n_fft} has no two factors in range")
        return self._transformed(samples, n_frames, BLOCK, *self._tables.factors).whole

    def _transformed(self, samples: Floats, n_frames: int, at_once: int, n_1: int, n_2: int) -> _Views:
        tables, step = self._tables, samples.strides[0]
        hop = tables.geometry.hop * step
        views = self._views.get((n_frames, at_once))
        if views is None:
            views = self._views[n_frames, at_once] = self._shaped(n_frames, at_once, n_1, n_2)
        if tables.geometry.hop % n_2:
            views.split[:] = _strided(samples, views.split.shape, (step, hop, n_2 * step))
        else:  # in two copies that read mostly contiguous runs of samples
            n_columns = views.columns.shape[1]
            views.columns[:] = _strided(samples, (n_2, n_columns), (step, n_2 * step))
            views.split[:] = views.overlapping
        for split, half in views.frames:
            np.matmul(split, tables.first, out=half)
        for half, whole in views.products:
            np.matmul(tables.second, half, out=whole)
        return views

    def _shaped(self, n_frames: int, at_once: int, n_1: int, n_2: int) -> _Views:
        n_kept, step = n_1 // 2 + 1, self._memory.strides[-1]
        hop = self._tables.geometry.hop // n_2  # in columns
        n_columns = n_1 + (n_frames - 1) * hop
        n_half = n_2 * n_frames * n_kept
        split, half, whole = self._memory
        columns, power = whole, split
        rows = [array[: 2 * n_half].reshape(2 * n_2, -1) for array in (half, whole)]
        given = split[: n_2 * n_frames * n_1].reshape(n_2, n_frames, n_1)
        made = half[: 2 * n_half].reshape(2, n_2, n_frames, n_kept)
        frames: list[tuple[Floats, Floats]] = []
        pieces: list[list[Floats]] = [[], []]
        # BLAS sums the rows and columns of a product in an order that depends on where they are in it.
        for first in range(0, n_frames, at_once):
            frames.append((given[:, first : first + at_once], made[:, :, first : first + at_once]))
            for array, of_array in zip(rows, pieces, strict=True):
                some = array[:, first * n_kept : (first + at_once) * n_kept]
                of_array.extend(np.array_split(some, -(-some.size * 2 * n_2 // _UNPACKED), axis=1))
        return _Views(
            columns[: n_2 * n_columns].reshape(n_2, n_columns),
            _strided(columns, (n_2, n_frames, n_1), (n_columns * step, hop * step, step)),
            given,
            made,
            rows[1].reshape(2, n_2, n_frames, n_kept),
            frames,
            list(zip(*pieces, strict=True)),
            power[:n_half].reshape(n_frames, n_2, n_kept),
            power[:n_half].reshape(n_frames, -1),
        )


def _strided(samples: Floats, shape: tuple[int, ...], strides: tuple[int, ...]) -> Floats:
    """A view of overlapping frames; ``np.lib.stride_tricks.as_strided`` takes five times as long."""
    return np.ndarray(shape, np.float32, samples, 0, strides)


def _factors(n_fft: int) -> tuple[int, int] | None:
    """(n_1, n_2) with the fewest operations; None if there are none in range."""
    fitting = [(n_fft // n_2, n_2) for n_2 in _FACTORS if n_fft % n_2 == 0 and n_fft // n_2 <= _MAX_FIRST]
    return min(fitting, key=lambda pair: pair[0] + 2 * pair[1], default=None)
