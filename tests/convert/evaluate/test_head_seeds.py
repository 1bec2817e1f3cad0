"""The first head by seed: its temperature, its columns, their spread, and what is refused."""

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from convert.__main__ import main
from convert.card.comparison_tables import heads_section
from convert.corpora.clip import LABELS
from convert.data import dataset
from convert.evaluate.heads import seeds
from convert.evaluate.heads.trunk_source import answers_of, heads_of, recipe_of
from convert.recipes.cascade import FIRST
from convert.recipes.catalogue import RECIPES
from convert.score.clip_scores import ClipWindows
from convert.train.heads.network import Head
from convert.train.heads.statistics import statistics
from convert.train.heads.training import trained
from edged.errors import UsageError
from edged.models.bundle import BUNDLES, load_bundle
from tests.convert.heads.features import FEW, features
from tests.parts.models import layouts


def windows(speakers: int, first: int, sound: Path) -> ClipWindows:
    """A window a clip of voices that lie far apart, each clip as long as ``sound``."""
    made = features(speakers, first=first)
    clips = [dataclasses.replace(clip, audio=sound) for clip in made.clips]
    return ClipWindows(clips, made.values, made.owner)


def test_head_is_calibrated_and_adapts(tmp_path: Path) -> None:
    """Scores are shares; a minute of a voice that lies far away helps; columns are named by what they are."""
    known = statistics([features(12)], FEW)
    head = trained([features(12)], known, FEW, 1, {FIRST: LABELS})[FIRST]
    sound = layouts.sound(tmp_path / "a.wav", 200, 2.0)
    validation, unknown, test = (windows(3, first, sound) for first in (20, 30, 40))
    dataset.prepare(test.clips[:1], tmp_path / "cache")
    scoring = seeds.calibrated(head, known, [validation], [unknown], tmp_path / "cache")
    assert scoring(test.images).sum(axis=1) == pytest.approx(np.ones(len(test.images)))
    columns = seeds.columns(test, known, scoring, tmp_path / "cache", 1)
    assert list(columns) == [
        "all clips, as they come",
        "after 8 s",
        "after 60 s",
        "ECE as they come",
        "ECE after 60 s",
    ]
    assert columns["after 60 s"] > columns["all clips, as they come"] + 0.1


def test_spread_of_seeds() -> None:
    """The mean and the standard deviation of a sample, and both in the card."""
    found = seeds.spread([{"after 8 s": 0.5}, {"after 8 s": 0.6}, {"after 8 s": 0.7}])
    assert found == {"after 8 s": {"seeds": [0.5, 0.6, 0.7], "mean": 0.6, "sd": 0.1}}
    section = heads_section({"emodb": found})
    assert "| EMO-DB | 0.600 ± 0.100 |" in section
    assert "seeds 1 to 3" in section


def test_card_says_before_adaptation() -> None:
    """Stored keys keep their names; the card names the columns as its other tables do."""
    one = {"seeds": [0.5], "mean": 0.5, "sd": None}
    section = heads_section({"emodb": {"all clips, as they come": one, "after 8 s": one, "ECE as they come": one}})
    assert "| clips of | all clips, before adaptation | after 8 s | ECE before adaptation |" in section


def test_logits_of_the_start_are_where_the_trunk_has_them() -> None:
    """Right after the outputs of the first network; a trunk that starts from no model has none."""
    small = load_bundle(BUNDLES / "small")
    first, recipe = answers_of(recipe_of(small)), recipe_of(small)
    assert first is not None
    assert recipe.trunk is not None
    assert small.manifest.trunk is not None
    assert small.manifest.trunk.width == (1 + len(recipe.trunk.towers)) * first + len(LABELS)
    assert answers_of(RECIPES["large"]) is None


def test_recipes_without_a_trunk_are_refused() -> None:
    """Each by its name."""
    small = load_bundle(BUNDLES / "small")
    other = msgspec.structs.replace(small.manifest, training={"recipe": {"name": "default"}})
    with pytest.raises(
        UsageError, match="recipe default, expected a bundle with a trunk, of small, small-undistilled, large"
    ):
        recipe_of(dataclasses.replace(small, manifest=other))
    with pytest.raises(UsageError, match="recipe default: its models are no heads"):
        heads_of(RECIPES["default"])


def test_seeds_need_a_bundle(capsys: pytest.CaptureFixture[str]) -> None:
    """A run has one seed."""
    assert main(["evaluate", "--seeds"]) != 0
    assert "--seeds: of the heads on a finished trunk, expected --bundle with it" in capsys.readouterr().err


def test_mean_of_heads_is_taken_of_logits() -> None:
    """The scores of a head at temperature 1/5 are its own: what flattens them is undone."""
    n, labels = 2, len(LABELS)
    head = Head(
        np.zeros(n, np.float32),
        np.ones(n, np.float32),
        np.ones((n, 3), np.float32),
        np.zeros(3, np.float32),
        np.arange(3 * labels, dtype=np.float32).reshape(3, labels) / 10,
        np.zeros(labels, np.float32),
    )
    given = np.ones((1, n), np.float32)
    raised = np.exp(head.logits(given))
    assert seeds.scoring(head, 0.2)(given) == pytest.approx(raised / raised.sum(), rel=1e-4)
