"""Log-mel augmentation: invariants, the effect of each strength, and reproducibility by seed."""

import dataclasses

import numpy as np
import pytest

from convert.augment.logmel import FLOOR_DB, Batch, augmented, floors, mixed, renormalised
from convert.recipes.spec import AugmentSpec
from edged.features.geometry import GEOMETRY

NOTHING = AugmentSpec(
    speed=0, band_shift=0, band_stretch=0, moved_p=0, contrast=0, tilt_db=0, curve_db=0, noise_p=0, n_time_masks=0,
    n_band_masks=0, mixup_p=0,
)  # fmt: skip
RNG = np.random.default_rng(3)
LENGTH = np.array([60, 188, 400])
START = np.array([0, 60, 248])
FRAMES = (RNG.uniform(-90, 0, (648, GEOMETRY.n_bands))).astype(np.float16)


def changed(spec: AugmentSpec, seed: int = 0) -> Batch:
    """The three clips, augmented."""
    return augmented(FRAMES, START, LENGTH, spec, np.random.default_rng(seed))


def test_nothing_is_the_clip_itself() -> None:
    """With all strengths at 0 a short clip is at the start, followed by silence."""
    images = changed(NOTHING)
    clip = FRAMES[:60].astype(np.float32)
    assert np.abs(images[0, :60] - np.maximum(clip - clip.max(), FLOOR_DB)).max() < 0.01
    assert (images[0, 60:] == FLOOR_DB).all()


def test_full_strength_keeps_the_range() -> None:
    """Every combination gives distinct windows of the models' shape between -80 and 0 dB."""
    images = changed(AugmentSpec(noise_p=1, moved_p=1))
    assert images.shape == (3, GEOMETRY.n_frames, GEOMETRY.n_bands)
    assert images.dtype == np.float32
    assert images.min() >= FLOOR_DB
    assert images.max() <= 0
    assert not np.array_equal(images, changed(AugmentSpec(noise_p=1, moved_p=1), seed=1))


def test_same_seed_same_batch() -> None:
    """A batch depends on its generator alone."""
    assert np.array_equal(changed(AugmentSpec(), 5), changed(AugmentSpec(), 5))


def test_moved_clip_is_inside() -> None:
    """A shifted short clip has silence on both sides and stays mostly within the window."""
    spec = dataclasses.replace(NOTHING, moved_p=1)
    for seed in range(20):
        visible = np.flatnonzero(changed(spec, seed)[0].max(axis=1) > FLOOR_DB)
        assert len(visible) >= 0.7 * LENGTH[0]
        assert visible[-1] - visible[0] + 1 == len(visible)


def test_own_floor_is_taken_off() -> None:
    """Steady noise under a voice is removed, the voice stays; a clip without reduction is unchanged."""
    noise = np.random.default_rng(0).normal(-50, 2, (120, GEOMETRY.n_bands))
    noise[30:60, 20:30] = -10
    frames, start, length = noise.astype(np.float16), np.array([0]), np.array([120])
    spec, own = dataclasses.replace(NOTHING, clean_p=1), floors(frames, start, length)
    assert own[0, 0] == pytest.approx(-53.3, abs=1)
    cleaned = augmented(frames, start, length, spec, np.random.default_rng(0), own)[0]
    assert np.abs(cleaned[30:60, 20:30]).max() < 0.1
    assert (cleaned[:30] < -60).mean() > 0.5
    plain = augmented(frames, start, length, NOTHING, np.random.default_rng(0), own)
    assert np.array_equal(plain, augmented(frames, start, length, NOTHING, np.random.default_rng(0)))


def test_peaks_lie_where_the_front_end_leaves_them() -> None:
    """The loudest cell is anywhere down to the given depth, the deepest at -80 dB."""
    spec = dataclasses.replace(NOTHING, peak_db=4)
    peaks = np.array([changed(spec, seed).max(axis=(1, 2)) for seed in range(30)])
    assert peaks.min() == pytest.approx(-4, abs=0.5)
    assert peaks.max() == pytest.approx(0, abs=0.5)
    assert changed(spec).min() == FLOOR_DB


def test_lows_are_lost() -> None:
    """The lowest bands lose most, bands above the highest edge nothing."""
    frames = np.full((188, GEOMETRY.n_bands), -20, np.float16)
    spec = dataclasses.replace(NOTHING, lows_p=1)
    images = np.concatenate(
        [augmented(frames, START[:1], np.array([188]), spec, np.random.default_rng(seed)) for seed in range(40)]
    )
    by_band = images[:, 0]
    assert (np.diff(by_band, axis=1) >= 0).all()
    assert (by_band[:, 10:] == 0).all()
    assert by_band[:, 0].min() < -25


def test_noise_fills_silence() -> None:
    """With a floor of -40 dB no cell of a window is at -80."""
    spec = dataclasses.replace(NOTHING, noise_p=1, noise_db=(-40, -40))
    assert (changed(spec)[0] > FLOOR_DB).mean() > 0.95


def test_masks_hide() -> None:
    """A band mask at the floor or at the mean makes whole bands constant."""
    spec = dataclasses.replace(NOTHING, n_band_masks=1, band_mask=8)
    hidden = [(np.ptp(changed(spec, seed)[1], axis=0) == 0).sum() for seed in range(30)]
    assert max(hidden) > 3
    assert max(hidden) <= 8


def test_mixup_mixes_targets_alike() -> None:
    """Images and targets are mixed by the same share with the same other clip."""
    images = np.stack([np.full((188, 64), -10.0 * n, np.float32) for n in range(8)])
    targets = -images[:, 0, :1]
    blended, (labels,) = mixed(images, (targets,), AugmentSpec(mixup_p=1, mixup_alpha=1), np.random.default_rng(0))
    assert np.allclose(-blended[:, 0, :1], labels, atol=1e-4)
    assert not np.array_equal(labels, targets)
    same, _ = mixed(images, (targets,), AugmentSpec(mixup_p=0), np.random.default_rng(0))
    assert np.array_equal(same, images)


def test_renormalised() -> None:
    """The loudest cell becomes 0 dB, the deepest is -80."""
    images = renormalised(np.array([[[-30.0, -50.0], [-200.0, -31.0]]], np.float32))
    assert images.tolist() == [[[0.0, -20.0], [-80.0, -1.0]]]


def test_clips_of_one_place_share_their_changes() -> None:
    """The same clip twice in one place gets one voice, microphone and level of noise; in another place others."""
    spec = dataclasses.replace(NOTHING, band_shift=3, contrast=0.2, tilt_db=6, curve_db=3)
    start, length, place = np.array([0, 0, 0]), np.array([60, 60, 60]), np.array([0, 0, 1])
    images = augmented(FRAMES, start, length, spec, np.random.default_rng(2), None, place)
    assert np.array_equal(images[0], images[1])
    assert np.abs(images[0] - images[2]).mean() > 1
    noise = dataclasses.replace(NOTHING, noise_p=1)
    levels = augmented(FRAMES, start, length, noise, np.random.default_rng(2), None, place)[:, 100:].mean(axis=1)
    assert np.abs(levels[0] - levels[1]).mean() < 1
    assert np.abs(levels[0] - levels[2]).mean() > 2
