"""The large bundle once, on tiny corpora: from sound and the encoder's package to a bundle that adapts and answers."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.encoder.package import NOTICE
from convert.recipes.cascade import LABELS, TASKS
from convert.score.isolated import apart
from convert.train.heads.scoring import statistics_of
from edged.features.whisper import WHISPER
from edged.models.bundle import Bundle, load_bundle
from edged.models.cascade import Answer, Cascade
from edged.models.interpreter import installed_runtimes
from edged.models.trunk import Trunk
from tests.parts.models.encoder_folder import encoder_folder
from tests.parts.models.trained import NEEDS, trained_bundle

pytestmark = NEEDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Corpora, and the output of ``python -m convert all --size large`` after one epoch."""
    folder = tmp_path_factory.mktemp("large")
    shutil.copytree(encoder_folder(), folder / "work" / "encoder")
    trained_bundle(folder, "--size", "large")
    return folder


@pytest.fixture
def bundle(folder: Path) -> Bundle:
    """The resulting bundle."""
    return load_bundle(folder / "bundle")


def test_bundle_has_a_trunk_heads_and_statistics(bundle: Bundle) -> None:
    """In the encoder's geometry; the gate keeps its own."""
    manifest = bundle.manifest
    assert (manifest.format, manifest.name, bundle.geometry) == (2, "large", WHISPER)
    assert manifest.trunk is not None
    assert manifest.adaptation is not None
    assert manifest.gate is not None
    assert manifest.gate.geometry is not None
    assert list(manifest.models) == list(TASKS)
    assert not manifest.mean_log_scores
    statistics = statistics_of(bundle)
    assert statistics.n_features == bundle.n_features == 2 * manifest.trunk.width
    assert statistics.offsets.shape[0] == len(LABELS)


def test_bundle_says_whose_encoder_it_is(bundle: Bundle) -> None:
    """In its licence, in its card with the licence's text, and in its origin; no local path."""
    manifest = bundle.manifest
    assert manifest.training["command"] == "python -m convert all --size large --seed 3 --epochs 1"
    assert "BSD-2-Clause" in manifest.licence
    card = (bundle.path / "README.md").read_text(encoding="utf-8")
    assert NOTICE in card
    assert "Redistribution and use in source and binary forms" in card
    assert str(bundle.path.parent) not in (bundle.path / "bundle.json").read_text(encoding="utf-8")


def test_bundle_has_all_metrics(bundle: Bundle) -> None:
    """Clips, adaptation by kind of home, worse conditions and episodes; never the unseen corpus' speakers."""
    metrics = bundle.manifest.metrics
    assert metrics["rows"].keys() == {"cremad", "emodb", "ravdess"}
    assert metrics["rows"]["ravdess"]["never_trained"]
    for group in metrics["adaptation"].values():
        assert group["priors"].keys() == {"neutral", "balanced", "angry", "sad"}
    assert metrics["adaptation"].keys() == {"validation", "cremad", "emodb", "ravdess"}
    assert metrics["robustness"].keys() == {"cremad", "emodb", "ravdess"}
    assert {(row["group"], row["kind"]) for row in metrics["stream"]["rows"]} >= {
        ("validation", "emotions"),
        ("ravdess", "emotions"),
    }


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_bundle_answers_on_each_runtime(bundle: Bundle, runtime: Any) -> None:  # noqa: ANN401 - a literal
    """From levels to an answer."""
    levels = np.random.default_rng(0).uniform(-80, 0, (WHISPER.n_frames, WHISPER.n_bands)).astype(np.float32)
    answer = apart(answer_of, bundle, runtime, levels)
    assert answer.scores[LABELS.index(answer.label)] == answer.scores.max()
    assert answer.scores.sum() == pytest.approx(1)


def answer_of(made: Bundle, runtime: Any, levels: Any) -> Answer:  # noqa: ANN401 - a literal, an array
    """What the cascade answers on the trunk's features."""
    return Cascade(made, runtime=runtime).answer(Trunk(made, runtime=runtime).features(levels))
