"""Targets and batches: the targets of each clip, and batches reproducible with any number of threads."""

from collections import Counter

import numpy as np
import pytest

from convert.augment.batches import Batches
from convert.corpora import LABELS, Clip
from convert.data.dataset import Dataset
from convert.data.targets import head_targets, label_targets
from convert.recipes.spec import AugmentSpec, Recipe


def clip(label: str, votes: tuple[float, ...] | None = None, level: float | None = None, corpus: str = "a") -> Clip:
    """A clip that only needs its labels."""
    return Clip(
        id=label, corpus=corpus, speaker="s", gender="female", emotion=label, label=label, votes=votes, level=level
    )


def batches(n_threads: int, repeats: tuple[tuple[str, int], ...] = (), augment: AugmentSpec | None = None) -> Batches:
    """Forty clips of one frame, a tenth of them from another corpus."""
    clips = [clip("sad", corpus="b" if n % 10 == 0 else "a") for n in range(40)]
    frames = np.random.default_rng(0).uniform(-80, 0, (40 * 30, 64)).astype(np.float16)
    dataset = Dataset(clips, frames, np.arange(40) * 30, np.full(40, 30))
    recipe = Recipe(name="t", corpora=("a", "b"), batch=8, repeats=repeats, augment=augment or AugmentSpec())
    labels = label_targets(clips, LABELS, 1, 0)
    return Batches(dataset, labels, head_targets(clips), labels, recipe, 1, n_threads)


def test_label_targets_intended() -> None:
    """Without votes the intended label has everything except the smoothing."""
    assert label_targets([clip("fear")], LABELS, 0.6, 0.0).tolist() == [[0, 0, 1, 0, 0, 0]]
    smooth = label_targets([clip("fear")], LABELS, 0.6, 0.06)
    assert smooth[0] == pytest.approx([0.01, 0.01, 0.95, 0.01, 0.01, 0.01])


def test_label_targets_votes() -> None:
    """Only votes for the model's own labels count; without any the intended label is used."""
    voted = clip("sad", votes=(0, 0, 0, 4, 3, 1))
    assert label_targets([voted], LABELS, 0.6, 0)[0] == pytest.approx([0, 0, 0, 0.2, 0.15, 0.65])
    assert label_targets([voted], ("neutral", "sad"), 0.6, 0)[0] == pytest.approx([0.3, 0.7])
    unvoted = clip("sad", votes=(5, 0, 0, 0, 0, 0))
    assert label_targets([unvoted], ("neutral", "sad"), 0.6, 0)[0] == pytest.approx([0, 1])


def test_head_targets() -> None:
    """Gender and level, and whether they are known; a level far off is bounded."""
    found = head_targets([clip("sad", level=75), clip("sad"), clip("sad", level=0)])
    assert found.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, -2.5, 1]]


def test_epoch_is_the_same_with_threads() -> None:
    """The number of threads does not change an epoch's batches; other epochs have others."""
    alone, together = list(batches(1).epoch(3)), list(batches(4).epoch(3))
    assert len(alone) == len(together) == 5
    for one, other in zip(alone, together, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(alone[0][0], next(iter(batches(1).epoch(4)))[0])


def test_batch_is_what_networks_take() -> None:
    """Images from 0 to 1 with a channel, targets beside them."""
    images, labels, heads, soft = next(iter(batches(1).epoch(1)))
    assert (images.shape, labels.shape, heads.shape, soft.shape) == ((8, 188, 64, 1), (8, 6), (8, 4), (8, 6))
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1


def test_repeats() -> None:
    """A small corpus is repeated as often as the recipe asks."""
    rows = batches(1, (("b", 3),)).rows
    assert len(rows) == 36 + 3 * 4
    assert Counter(rows.tolist())[0] == 3


def test_copies_take_turns() -> None:
    """A clip is drawn as itself or as one of its copies with about equal frequency."""
    quiet = AugmentSpec(
        speed=0, band_shift=0, band_stretch=0, moved_p=0, contrast=0, tilt_db=0, curve_db=0, noise_p=0, n_time_masks=0,
        n_band_masks=0, mixup_p=0,
    )  # fmt: skip
    clips = [clip("sad") for _ in range(40)]
    frames = np.full((120 * 30, 64), -10, np.float16)
    frames[::30] = 0  # a frame of each version is the loudest
    for version, db in enumerate((-20, -40, -60)):
        frames.reshape(120, 30, 64)[version * 40 : (version + 1) * 40, 1:] = db
    dataset = Dataset(clips, frames, np.arange(120) * 30, np.full(120, 30), 2)
    labels = label_targets(clips, LABELS, 1, 0)
    recipe = Recipe(name="t", corpora=("a",), batch=40, augment=quiet)
    found = Batches(dataset, labels, head_targets(clips), labels, recipe, 1)
    peaks = [float(image[5, 5, 0]) for epoch in range(5) for image in next(iter(found.epoch(epoch)))[0]]
    counts = Counter(round(value * 80 - 80) for value in peaks)
    assert counts.keys() == {-20, -40, -60}
    assert min(counts.values()) > 45


def test_floors_are_known_where_they_are_taken_off() -> None:
    """A recipe with floor removal changes the batches."""
    plain, cleaned = (
        next(iter(batches(1, augment=AugmentSpec(clean_p=clean_p, noise_p=0)).epoch(1)))[0] for clean_p in (0.0, 1.0)
    )
    assert cleaned.mean() < plain.mean()
