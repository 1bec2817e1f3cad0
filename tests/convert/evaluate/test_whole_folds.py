"""Everything trained anew for each fold: whom a fold tests, with which network, and what is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from convert.corpora.clip import LABELS, Clip
from convert.data.material import Material
from convert.evaluate.heads import whole
from convert.recipes.catalogue import RECIPES
from convert.score.clip_scores import ClipWindows
from convert.score.folds import fold_row
from convert.train.heads.bundle_windows import features_of_clips
from convert.train.heads.scoring import scoring_of
from convert.train.runs import Run
from edged.errors import UsageError
from edged.models.bundle import BUNDLES, load_bundle
from tests.parts.models import layouts

_FILES = ("trunk.tflite", "m1.tflite", "adaptation.npz")


def clips(folder: Path) -> list[Clip]:
    """Two voices, two clips of each label."""
    return [
        Clip(
            id=f"{speaker}{label}{number}", corpus="emodb", speaker=f"EMODB_{speaker}", gender="", emotion=label,
            label=label, audio=layouts.sound(folder / f"{speaker}-{label}-{number}.wav", pitch + 5 * number, 2.0),
        )
        for speaker, pitch in (("03", 120), ("08", 210))
        for label in LABELS
        for number in range(2)
    ]  # fmt: skip


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Clip]:
    """Fold 1 as if it were trained: its files are those of the shipped bundle; returns the clips that it tests."""
    tested = clips(tmp_path)
    made = Material([], [], {"emodb": tested}, {})
    monkeypatch.setattr(whole, "material", lambda *_: made)
    run = Run(RECIPES[whole.RECIPE], 3, 1, tmp_path / "work", made)
    run.path.mkdir(parents=True)
    for name in _FILES:
        shutil.copy(BUNDLES / "small" / name, run.path / name)
    (run.path / "sizes.json").write_text(json.dumps({}))
    return tested


def test_fold_tests_its_speakers_with_its_own_network(tmp_path: Path, trained: list[Clip]) -> None:
    """Clips count as the fold's M1 has them; after a minute, half of a speaker's clips do, in three splits."""
    folds = whole.fold_results("emodb", tmp_path, tmp_path / "work", 3, 1)
    assert list(folds) == ["1"]
    before, after = folds["1"]["rows"]["6 labels"], folds["1"]["rows"]["6 labels, after 60 s"]
    assert before["labels"] == list(LABELS)
    assert set(before["speakers"]) == set(after["speakers"]) == {"EMODB_03", "EMODB_08"}
    for speaker, matrix in before["speakers"].items():
        assert np.sum(matrix, axis=1).tolist() == [2] * len(LABELS), speaker
        assert np.sum(after["speakers"][speaker], axis=1).tolist() == [3] * len(LABELS)
    # Fold 0 is the shipped bundle with its seed, and needs no training.
    assert whole.fold_results("emodb", tmp_path, tmp_path / "work", 3, 0)["0"] == folds["1"]
    shipped = load_bundle(BUNDLES / "small")
    windows = ClipWindows(trained, *features_of_clips(shipped, trained, tmp_path / "work" / "cache"))
    said = windows.by_clip(scoring_of(shipped)(windows.images.astype(np.float16).astype(np.float32))).argmax(axis=1)
    truth = np.array([LABELS.index(str(clip.label)) for clip in trained])
    assert before == fold_row(LABELS, truth, said, [clip.speaker for clip in trained])


@pytest.mark.parametrize(("corpus", "n"), [("cremad", 5), ("emodb", 4)])
def test_folds_of_a_corpus(corpus: str, n: int) -> None:
    """Two blocks of speakers a fold: as many folds as test each speaker once."""
    assert whole.n_folds(corpus) == n


def test_refused(tmp_path: Path) -> None:
    """A corpus that the trunk never sees has heads for folds, not trunks; a fold beyond the last is named."""
    with pytest.raises(UsageError, match="--trunks: ravdess, expected a corpus that the recipe is trained on: cremad"):
        whole.n_folds("ravdess")
    with pytest.raises(UsageError, match="fold 4 of emodb: expected 0 to 3"):
        whole.fold_results("emodb", tmp_path, tmp_path, 3, 4)
