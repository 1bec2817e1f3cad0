"""Batches of log-mel with other voices, rooms and microphones, changed at random.

    frames (n, 64) dB, clips' start and length ──cut, stretched, moved──► (batch, 188, 64)
        ──own noise floor removed──► ──bands shifted, contrast, tilt and curve, lowest bands attenuated──►
        ──noise floor──► ──renormalised, masked──► dB -80..0

This needs only numpy and log-mel, so corpora that come as log-mel are augmented like all others.  Shifted bands
simulate another vocal tract, contrast another dynamic range, tilt and curve another microphone, the floor another room.
After every change the loudest cell is at 0 dB again, or as far below as the front end leaves it.

The noise of a corpus that was recorded at one gain reveals its labels: relative to the loudest cell of a clip, the
floor of CREMA-D's sad clips is 17 dB higher than that of angry ones, and a network that learns this predicts anger
wherever it is quiet.  The floor is therefore removed from a share of the clips by spectral subtraction (Berouti et al.
1979).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from convert.recipes.spec import AugmentSpec
from edged.features.geometry import GEOMETRY

N_FRAMES, N_BANDS = GEOMETRY.n_frames, GEOMETRY.n_bands
FLOOR_DB = -GEOMETRY.top_db
_NOTHING_DB = -200.0  # outside the clip: below any floor, whatever is added
_OVERHANG = 0.25  # share of a clip that may be moved out of the window
_GRAIN_DB = 3.0  # standard deviation of a band of stationary noise
_LOUD_DB = 20.0  # below a clip's loudest frame: a word, and no pause
_QUIETEST = 0.05  # share of a clip's frames below its floor
_CLEANEST_DB = -50.0  # maximum attenuation of a cell that is all noise
_NOISE_TILT_DB, _NOISE_CURVE_DB = 8.0, 3.0

Batch = NDArray[np.float32]


def augmented(  # noqa: PLR0913, PLR0917 - a batch of clips, and what is done to it
    frames: NDArray[np.float16],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
    spec: AugmentSpec,
    rng: np.random.Generator,
    floors: Batch | None = None,
    place: NDArray[np.int64] | None = None,
) -> Batch:
    """(batch, n_frames, n_bands) dB from -80 to 0, one window a clip; clips are ``frames[start : start + length]``.

    ``floors`` (batch, n_bands), see below, is needed where the clips' own floor is to be removed.  Clips of one
    ``place`` (batch,), 0, 1, …, get one voice, microphone and noise; without it each clip gets its own.
    """
    if place is None:
        place = np.arange(len(start))
    n_places = int(place.max()) + 1
    if spec.part_p:
        start, length = _parts(frames, start, length, spec, rng)
    images, inside = _placed(frames, start, length, spec, rng)
    if floors is not None and spec.clean_p:
        _remove_floors(images, floors, spec, rng, place)
    images = images @ _band_maps(n_places, spec, rng)[place]
    contrast = np.exp(rng.uniform(-spec.contrast, spec.contrast, (n_places, 1, 1)))[place]
    images = images * contrast.astype(np.float32) + _curves(n_places, spec, rng)[place]
    if spec.lows_p:
        images += _lows(n_places, spec, rng)[place]
    images[~inside] = _NOTHING_DB
    images -= images.max(axis=(1, 2), keepdims=True)
    _add_floor(images, spec, rng, place)
    images = renormalised(images)
    if spec.peak_db:
        images = np.maximum(images - _peaks(len(start), spec, rng), FLOOR_DB)
    return _masked(images, spec, rng)


def floors(frames: NDArray[np.float16], start: NDArray[np.int64], length: NDArray[np.int64]) -> Batch:
    """(n_clips, n_bands) dB of each clip's own noise floor: the level of its quietest frames, band by band."""
    by_clip = np.empty((len(start), N_BANDS), np.float32)
    for row, (first, count) in enumerate(zip(start, length, strict=True)):
        rank = int(_QUIETEST * (count - 1))
        by_clip[row] = np.partition(frames[first : first + count], rank, axis=0)[rank]
    return by_clip


def mixed(
    images: Batch, targets: tuple[Batch, ...], spec: AugmentSpec, rng: np.random.Generator
) -> tuple[Batch, tuple[Batch, ...]]:
    """Mixup (Zhang et al. 2018): a share of the batch is blended with others of it, targets included."""
    size = len(images)
    share = rng.beta(spec.mixup_alpha, spec.mixup_alpha, size)
    share = np.where(rng.random(size) < spec.mixup_p, np.maximum(share, 1 - share), 1.0).astype(np.float32)
    other = rng.permutation(size)
    column = share[:, None]
    blended = images * column[:, :, None] + images[other] * (1 - column[:, :, None])
    return blended, tuple(target * column + target[other] * (1 - column) for target in targets)


def renormalised(images: Batch) -> Batch:
    """dB relative to each window's loudest cell, at least -80."""
    return np.asarray(np.maximum(images - images.max(axis=(1, 2), keepdims=True), FLOOR_DB), np.float32)


def _parts(
    frames: NDArray[np.float16],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
    spec: AugmentSpec,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and lengths with a share of the clips cut to a part around one of their loud frames."""
    start, length = start.copy(), length.copy()
    for row in np.flatnonzero(rng.random(len(start)) < spec.part_p):
        size = int(rng.integers(*spec.part_frames))
        if size < length[row]:
            levels = frames[start[row] : start[row] + length[row]].max(axis=1)
            middle = rng.choice(np.flatnonzero(levels > levels.max() - _LOUD_DB))
            first = int(np.clip(middle - rng.integers(size), 0, length[row] - size))
            start[row], length[row] = start[row] + first, size
    return start, length


def _placed(
    frames: NDArray[np.float16],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
    spec: AugmentSpec,
    rng: np.random.Generator,
) -> tuple[Batch, NDArray[np.bool_]]:
    """Clips stretched in time and placed in windows, with the mask of the frames that they fill."""
    size = len(start)
    rate = np.exp(rng.uniform(-spec.speed, spec.speed, size))
    span = length / rate
    free = N_FRAMES - span  # positive: room in the window; negative: the clip is longer
    offset = np.where(free > 0, 0.0, rng.uniform(0, 1, size) * free)
    overhang = _OVERHANG * np.minimum(span, N_FRAMES)
    lowest, highest = np.minimum(free, 0) - overhang, np.maximum(free, 0) + overhang
    moved = rng.random(size) < spec.moved_p
    offset = np.where(moved, lowest + (highest - lowest) * rng.random(size), offset)
    time = (np.arange(N_FRAMES)[None] - offset[:, None]) * rate[:, None]
    last = length[:, None] - 1
    inside = (time >= 0) & (time <= last)
    time = np.clip(time, 0, last)
    before = time.astype(np.int64)
    weight = (time - before).astype(np.float32)[:, :, None]
    first = frames[start[:, None] + before].astype(np.float32)
    second = frames[start[:, None] + np.minimum(before + 1, last)].astype(np.float32)
    return first + (second - first) * weight, inside


def _band_maps(size: int, spec: AugmentSpec, rng: np.random.Generator) -> Batch:
    """(size, n_bands, n_bands): the band axis shifted and stretched, as matrices of linear interpolation."""
    centre = N_BANDS / 2
    stretch = np.exp(rng.uniform(-spec.band_stretch, spec.band_stretch, (size, 1)))
    shift = rng.uniform(-spec.band_shift, spec.band_shift, (size, 1))
    source = np.clip((np.arange(N_BANDS)[None] - centre) * stretch + centre + shift, 0, N_BANDS - 1)
    distance = np.abs(source[:, None, :] - np.arange(N_BANDS)[None, :, None])
    return np.asarray(np.maximum(0, 1 - distance), np.float32)


def _curves(size: int, spec: AugmentSpec, rng: np.random.Generator) -> Batch:
    """(size, 1, n_bands) dB: a slope and three slow waves over the band axis."""
    axis = np.linspace(-1, 1, N_BANDS)[None]
    curve = spec.tilt_db * rng.standard_normal((size, 1)) * axis
    for order in (2, 3, 4):
        phase = rng.uniform(0, 2, (size, 1))
        wave = np.cos(np.pi * order * (axis + phase) / 2)
        curve = curve + spec.curve_db / order * rng.standard_normal((size, 1)) * wave
    return curve[:, None, :].astype(np.float32)


def _remove_floors(
    images: Batch, floors: Batch, spec: AugmentSpec, rng: np.random.Generator, place: NDArray[np.int64]
) -> None:
    """Over-subtracts its own floor from the power of a share of the clips, in place."""
    cleaned = np.flatnonzero((rng.random(int(place.max()) + 1) < spec.clean_p)[place])
    lowest, highest = np.log(spec.clean_over)
    over = rng.uniform(lowest, highest, (len(cleaned), 1, 1)).astype(np.float32)
    share = np.exp(over + (floors[cleaned][:, None] - images[cleaned]) * np.float32(np.log(10) / 10))
    images[cleaned] += 10 * np.log10(np.maximum(1 - share, np.float32(10 ** (_CLEANEST_DB / 10))))


def _peaks(size: int, spec: AugmentSpec, rng: np.random.Generator) -> Batch:
    """(size, 1, 1) dB: the front end's reference is the loudest of 128 bands, and the mean of two is below it."""
    return np.asarray(rng.uniform(0, spec.peak_db, (size, 1, 1)), np.float32)


def _lows(size: int, spec: AugmentSpec, rng: np.random.Generator) -> Batch:
    """(size, 1, n_bands) dB, 0 and below: a microphone without low frequencies, or a high-pass."""
    depth = np.where(rng.random(size) < spec.lows_p, rng.uniform(0, spec.lows_db, size), 0)[:, None]
    edge = rng.uniform(*spec.lows_bands, (size, 1))
    slope = np.clip(1 - np.arange(N_BANDS)[None] / edge, 0, 1)
    return (-depth * slope)[:, None, :].astype(np.float32)


def _add_floor(images: Batch, spec: AugmentSpec, rng: np.random.Generator, place: NDArray[np.int64]) -> None:
    """Adds stationary coloured noise to the windows of a share of the places, in place."""
    drawn = np.flatnonzero(rng.random(int(place.max()) + 1) < spec.noise_p)
    count = len(drawn)
    axis = np.linspace(-1, 1, N_BANDS)[None, None]
    level = rng.uniform(*spec.noise_db, (count, 1, 1)) + rng.normal(0, _NOISE_TILT_DB, (count, 1, 1)) * axis
    phase = rng.uniform(0, 2, (count, 1, 1))
    level = level + rng.normal(0, _NOISE_CURVE_DB, (count, 1, 1)) * np.cos(np.pi * (axis + phase))
    noisy = np.flatnonzero(np.isin(place, drawn))
    grain = _grain()[rng.integers(0, len(_grain()) - N_FRAMES, (len(noisy), 1)) + np.arange(N_FRAMES)[None]]
    images[noisy] = np.maximum(images[noisy], level[np.searchsorted(drawn, place[noisy])].astype(np.float32) + grain)


def _masked(images: Batch, spec: AugmentSpec, rng: np.random.Generator) -> Batch:
    """Masked strips of time and of bands (Park et al. 2019), half of them at the floor, half at the window's mean."""
    size = len(images)
    fill = np.where(rng.random(size) < 0.5, FLOOR_DB, images.mean(axis=(1, 2)))  # noqa: PLR2004 - half of them
    hidden = np.zeros(images.shape, bool)
    for count, widest, axis in (
        (spec.n_time_masks, spec.time_mask, np.arange(N_FRAMES)[None, :, None]),
        (spec.n_band_masks, spec.band_mask, np.arange(N_BANDS)[None, None, :]),
    ):
        for _ in range(count):
            first = rng.integers(0, axis.size, (size, 1, 1))
            hidden |= (axis >= first) & (axis < first + rng.integers(0, widest + 1, (size, 1, 1)))
    return np.where(hidden, fill.astype(np.float32)[:, None, None], images)


@cache
def _grain() -> Batch:
    """dB of noise about its mean, drawn once; a window uses a part of it from a random offset."""
    rng = np.random.default_rng(0)
    return (rng.standard_normal((20_000, N_BANDS)) * _GRAIN_DB).astype(np.float32)
