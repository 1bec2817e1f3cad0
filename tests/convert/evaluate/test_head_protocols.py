"""Heads fold by fold: who is tested, what labels count as, and that a minute of a voice helps."""

import dataclasses
import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convert.corpora.clip import LABELS, Clip
from convert.data import dataset
from convert.score.folds import pooled
from convert.train.heads.window_features import WindowFeatures
from edged.errors import UsageError
from edged.models.bundle import BUNDLES, load_bundle
from tests.convert.heads.features import FEW, features
from tests.parts.models import layouts
from tests.parts.models.with_tensorflow import with_tensorflow

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow: pip install -e '.[convert]'"
)
_SPEAKERS = tuple(f"EMODB_{number:02}" for number in range(8, 16))
_MERGED = {"angry": "loud", "happy": "loud", "sad": "soft"}


def of_emodb(made: WindowFeatures, sound: Path) -> WindowFeatures:
    """The same features as those of EMO-DB's speakers, each clip as long as ``sound``."""
    clips = [
        dataclasses.replace(clip, corpus="emodb", speaker=_SPEAKERS[int(clip.speaker[1:])], audio=sound)
        for clip in made.clips
    ]
    return dataclasses.replace(made, clips=clips)


def folds(folder: Path) -> dict[str, Any]:
    """Two folds of eight voices that lie far apart, trained on other voices too."""
    from convert.evaluate.heads.protocols import _fold  # noqa: PLC0415 - only in a process with TensorFlow
    from convert.evaluate.protocols import PROTOCOLS  # noqa: PLC0415 - as above

    rows = {"6 labels": {label: label for label in LABELS}, "merged": _MERGED}
    protocol = dataclasses.replace(PROTOCOLS["emodb"], rows=rows)
    sound = layouts.sound(folder / "a.wav", 200, 2.0)
    own = of_emodb(features(8), sound)
    dataset.prepare(own.clips[:1], folder / "cache")
    run: Any = SimpleNamespace(seed=1, cache=folder / "cache")
    others = [features(12, first=20)]
    return {str(number): _fold(protocol, FEW, [own], others, number, run) for number in (0, 1)}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The folds, made once."""
    return with_tensorflow(folds, tmp_path_factory.mktemp("folds"))


def test_each_fold_tests_its_own_speakers(found: dict[str, Any]) -> None:
    """No speaker is in two folds, and all clips of a tested speaker are counted once."""
    tested = [set(fold["rows"]["6 labels"]["speakers"]) for fold in found.values()]
    assert all(tested)
    assert tested[0].isdisjoint(tested[1])
    for fold in found.values():
        for matrix in fold["rows"]["6 labels"]["speakers"].values():
            assert np.sum(matrix, axis=1).tolist() == [6] * len(LABELS)


def test_labels_count_as_the_row_says(found: dict[str, Any]) -> None:
    """Two labels are one, and clips of labels that the row does not name are left out."""
    row = found["0"]["rows"]["merged"]
    assert row["labels"] == ["loud", "soft"]
    assert all(np.sum(matrix, axis=1).tolist() == [12, 6] for matrix in row["speakers"].values())
    assert "merged, after 60 s" not in found["0"]["rows"]


def test_a_minute_of_the_voice_helps(found: dict[str, Any]) -> None:
    """Voices lie farther apart than emotions: adapted to, they are recognised."""
    whole = pooled(found)
    adapted = whole["6 labels, after 60 s"]["uar"]
    assert adapted > 0.8
    assert adapted > whole["6 labels"]["uar"] + 0.05


def relabelled() -> tuple[list[str | None], list[list[float]]]:
    """Labels of RAVDESS' clips in its protocol, and merged scores."""
    from convert.evaluate.heads.protocols import _merged, _relabelled  # noqa: PLC0415 - as above
    from convert.evaluate.protocols import PROTOCOLS  # noqa: PLC0415 - as above

    def clip(emotion: str, label: str | None) -> Clip:
        return Clip(id=emotion, corpus="ravdess", speaker="01", gender="", emotion=emotion, label=label)

    clips = [clip("calm", "neutral"), clip("surprise", None), clip("sad", "sad"), clip("boredom", None)]
    scores = _merged(np.array([[0.1, 0.2, 0.7]], np.float32), ("a", "b", "c"), {"a": "x", "b": "y"}, ("x", "y"))
    return [one.label for one in _relabelled(clips, PROTOCOLS["ravdess"])], scores.tolist()


def test_labels_of_the_protocol() -> None:
    """An emotion that the protocol names is its own label, another is left out; scores are shares of what counts."""
    labels, scores = with_tensorflow(relabelled)
    assert labels == ["calm", "surprise", "sad"]
    assert scores[0] == pytest.approx([1 / 3, 2 / 3])


def weights() -> list[dict[str, float]]:
    """What the windows of each corpus count, by protocol."""
    from convert.evaluate.heads.protocols import spec_of  # noqa: PLC0415 - only in a process with TensorFlow
    from convert.evaluate.protocols import PROTOCOLS  # noqa: PLC0415 - as above

    spec = dataclasses.replace(FEW, repeats=(("emodb", 4.0),))
    return [dict(spec_of(PROTOCOLS[name], spec).repeats) for name in ("ravdess", "emodb")]


def test_corpus_counts_as_its_protocol_says() -> None:
    """A corpus that the recipe never saw counts more; one that the recipe weighs keeps its weight."""
    assert with_tensorflow(weights) == [{"emodb": 4.0, "ravdess": 8.0}, {"emodb": 4.0}]


def refused(folder: Path) -> str:
    """What is said of a trunk that knows the corpus."""
    from convert.evaluate.heads.protocols import fold_results  # noqa: PLC0415 - only in a process with TensorFlow

    try:
        fold_results(load_bundle(BUNDLES / "small"), "emodb", folder, folder, 1)
    except UsageError as exc:
        return str(exc)
    return ""


def test_trunk_that_knows_the_corpus_is_refused(tmp_path: Path) -> None:
    """Its speakers are in the trunk, whatever the heads are trained on."""
    assert "its trunk was trained on emodb, expected one that never saw the corpus" in with_tensorflow(
        refused, tmp_path
    )
