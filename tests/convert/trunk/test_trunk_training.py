"""Batches of places, the encoder's targets without the speakers, and epochs that a killed training resumes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convert.corpora import LABELS, Clip
from convert.data.dataset import Dataset
from convert.data.material import Material
from convert.data.targets import label_targets
from convert.recipes.spec import AugmentSpec, NetworkSpec, Recipe, TowerSpec, TrunkSpec
from convert.train.runs import Run
from convert.train.trunk.places import Made, Places
from convert.train.trunk.stage import trunk_file
from convert.train.trunk.teacher import UNLABELLED, Targets, targets
from convert.train.trunk.training import TrunkTraining
from edged.errors import UsageError
from tests.parts.models.eager import eager

__all__ = ["eager"]  # pytest finds the fixture by its name here

N_SPEAKERS, N_CLIPS = 4, 9  # of each speaker
ARGUMENTS = ("dataset", "labels", "truth", "targets", "recipe", "spec", "seed", "n_threads")
RNG = np.random.default_rng(8)
SPEC = TowerSpec(adapted_p=0.7, place=4, statistics_of=(1, 3), components=5)
RECIPE = Recipe(
    name="t", corpora=("a",), batch=8, epochs=2, augment=AugmentSpec(mixup_p=0, part_p=0.5, part_frames=(10, 20)),
    network=NetworkSpec(stem=4, blocks=((8, 2, "plain"), (8, 2, "plain")), fold=8, temporal=(8,)),
    trunk=TrunkSpec(start="", towers=(SPEC,)),
)  # fmt: skip


def places() -> Places:
    """Four speakers with nine clips of forty frames."""
    clips = [
        Clip(id=f"{s}-{n}", corpus="a", speaker=f"S{s}", gender="", emotion="", label=LABELS[n % len(LABELS)])
        for s in range(N_SPEAKERS)
        for n in range(N_CLIPS)
    ]
    count = len(clips)
    frames = RNG.uniform(-80, 0, (count * 40, 64)).astype(np.float16)
    truth = np.array([LABELS.index(str(clip.label)) for clip in clips])
    made = Targets(RNG.normal(0, 0.1, (count, SPEC.components)).astype(np.float32), label_targets(clips, LABELS, 1, 0))
    dataset = Dataset(clips, frames, np.arange(count) * 40, np.full(count, 40))
    return Places(dataset, label_targets(clips, LABELS, 1, 0), truth, made, RECIPE, SPEC, 1)


def test_place_is_one_speaker() -> None:
    """Each clip is adapted to others of its own speaker alone, by the weight of their number, or not at all."""
    supply = places()
    batches = list(supply.epoch(1))
    assert len(batches) == len(supply) == N_SPEAKERS
    for made in batches:
        assert made.images.shape == (8, 188, 64, 1)
        assert made.images.min() >= 0
        assert made.images.max() <= 1
        sums = made.adapted_to.sum(axis=1)
        assert set(np.round(sums, 5)) <= {0.0, 1.0}
        assert (np.diag(made.adapted_to) == 0).all()
        assert not made.adapted_to[:4, 4:].any()
        assert not made.adapted_to[4:, :4].any()
        counts = (made.adapted_to > 0).sum(axis=1)
        assert made.weight[:, 0] == pytest.approx(counts / (counts + SPEC.caution))
    assert any((made.weight == 0).any() for made in batches)
    again = next(places().epoch(1))
    assert np.array_equal(again.labels, batches[0].labels)


def test_places_of_a_repeated_corpus() -> None:
    """Its clips are in so many times the places, each time in others."""
    supply = places()
    often = Places(
        supply.dataset, supply.labels, supply.truth, supply.targets, replace(RECIPE, repeats=(("a", 3),)), SPEC, 1
    )
    assert len(often) == 3 * len(supply)
    lonely = Places(supply.dataset, supply.labels, supply.truth, supply.targets, RECIPE, replace(SPEC, place=10), 1)
    with pytest.raises(UsageError, match="no speaker has 10"):
        len(lonely)


def test_targets_are_without_speakers() -> None:
    """A voice that shifts all features leaves components and shares as they are; labels stay separable."""
    labels = np.array([LABELS[n // 8 % len(LABELS)] for n in range(240)])
    speakers = np.array([f"S{n % 8}" for n in range(240)])
    x = RNG.normal(0, 0.3, (240, 12)).astype(np.float32)
    x[np.arange(240), [LABELS.index(label) for label in labels]] += 2
    shifted = x + RNG.normal(0, 3, (8, 12)).astype(np.float32)[np.arange(240) % 8]
    made = targets(np.asarray(shifted, np.float32), labels, speakers, 6)
    assert made.components.shape == (240, 6)
    assert 0.5 < np.mean(np.sum(made.components**2, axis=1)) <= 1.001
    by_speaker = np.array([made.components[speakers == f"S{n}"].mean(axis=0) for n in range(8)])
    assert np.abs(by_speaker).max() < 0.2
    assert made.shares.sum(axis=1) == pytest.approx(np.ones(240), abs=1e-5)
    right = made.shares.argmax(axis=1) == [LABELS.index(label) for label in labels]
    assert right.mean() > 0.9


def test_clips_without_a_label_change_no_other_target() -> None:
    """Theirs come from the same components, and from a head that was trained on all clips with a label."""
    labels = np.array([LABELS[n // 8 % len(LABELS)] for n in range(240)])
    speakers = np.array([f"S{n % 8}" for n in range(240)])
    x = RNG.normal(0, 0.3, (300, 12)).astype(np.float32)
    x[np.arange(240), [LABELS.index(label) for label in labels]] += 2
    x[240:285, LABELS.index("neutral")] += 2
    x[285:, LABELS.index("sad")] += 2
    x[240:] += 5  # another room
    alone = targets(x[:240], labels, speakers, 6)
    made = targets(x, np.append(labels, [UNLABELLED] * 60), np.append(speakers, ["meeting"] * 60), 6)
    assert made.components[:240] == pytest.approx(alone.components, abs=1e-5)
    assert made.shares[:240] == pytest.approx(alone.shares, abs=1e-5)
    found = made.shares[240:].argmax(axis=1)
    assert (found[:45] == LABELS.index("neutral")).mean() > 0.9
    assert (found[45:] == LABELS.index("sad")).mean() > 0.9
    assert np.abs(made.components[240:]).max() < 3  # without the room


def test_recipe_needs_its_meetings(tmp_path: Path) -> None:
    """One line that names the corpus."""
    recipe = replace(RECIPE, trunk=TrunkSpec(start="", towers=(SPEC,), unlabelled=("ami",)))
    run = Run(recipe, 1, None, tmp_path, Material([], [], {}, {}))
    with pytest.raises(UsageError, match="recipe t: no meetings, expected ami among the corpora"):
        trunk_file(run, 45)


@pytest.mark.usefixtures("eager")
def test_training_resumes(tmp_path: Path) -> None:
    """Training that stops after its first epoch continues with the second one and ends with the same weights."""
    supply, whole, parts = places(), tmp_path / "whole.npz", tmp_path / "parts.npz"
    TrunkTraining(file=whole, recipe=RECIPE, spec=SPEC, active_db=45, places=supply, weights=None).finish()
    assert not whole.with_name("whole-epoch.npz").exists()

    class Killed(Places):
        """Ends the training when the second epoch begins."""

        def epoch(self, number: int) -> Iterator[Made]:
            """The batches of the first epoch."""
            if number > 1:
                raise KeyboardInterrupt
            return super().epoch(number)

    first = Killed(*(getattr(supply, name) for name in ARGUMENTS))
    with pytest.raises(KeyboardInterrupt):
        TrunkTraining(file=parts, recipe=RECIPE, spec=SPEC, active_db=45, places=first, weights=None).finish()
    assert not parts.exists()
    TrunkTraining(file=parts, recipe=RECIPE, spec=SPEC, active_db=45, places=supply, weights=None).finish()
    assert [entry["epoch"] for entry in json.loads(parts.with_suffix(".json").read_text("utf-8"))] == [1, 2]
    with np.load(whole) as one, np.load(parts) as other:
        assert all(np.allclose(one[name], other[name], atol=1e-3) for name in one.files)


def test_batch_is_in_the_order_of_the_loss() -> None:
    """The loss takes the arrays of a batch in this order."""
    names = ["images", "labels", "truth", "components", "adapted_to", "weight"]
    assert list(Made.__dataclass_fields__) == names
