"""A corpus of tones of EMO-DB's speakers, a pitch a label."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from convert.corpora.clip import LABELS, Clip
from convert.data import dataset, splits
from convert.zoo.features.store import Store
from convert.zoo.problems import Places, clips_of
from edged.features.geometry import GEOMETRY
from tests.parts.models.eager import eager

__all__ = ["eager"]  # pytest finds the fixture by its name here

SPEAKERS = sorted(splits.assignments("emodb"))
_RATE_HZ = GEOMETRY.sample_rate_hz
_LENGTH = _RATE_HZ // 2


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Two takes of each label of eight speakers, half a second each; a few sentences."""
    folder = tmp_path_factory.mktemp("zoo")
    (folder / "corpora" / "emodb").mkdir(parents=True)
    rows, generator = ["file,speaker,emotion"], np.random.default_rng(0)
    for speaker in SPEAKERS:
        for number, label in enumerate(LABELS):
            for take in range(2):
                at = np.arange(_LENGTH) / _RATE_HZ
                tone = 0.05 * (1 + number) * np.sin(2 * np.pi * (150 + 120 * number + 10 * take) * at)
                name = f"{speaker}_{label}_{take}.wav"
                noisy = tone + 0.01 * (1 + number) * generator.standard_normal(_LENGTH)
                soundfile.write(folder / "corpora" / "emodb" / name, noisy, _RATE_HZ)
                rows.append(f"{name},{speaker},{label}")
    (folder / "corpora" / "emodb" / "index.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    _write_sentences(folder / "text")
    return Places(folder / "corpora", folder / "work", folder / "text")


@pytest.fixture(scope="session")
def clips(places: Places) -> tuple[Clip, ...]:
    """Its clips, prepared."""
    found = clips_of("emodb", places)
    dataset.prepare(found, places.work / "cache")
    return found


@pytest.fixture(scope="session")
def store(places: Places, clips: Sequence[Clip]) -> Store:
    """Their features, computed once."""
    assert clips
    return Store(places.work / "zoo" / "features", places.work / "cache")


def _write_sentences(folder: Path) -> None:
    words = {
        "anger": "hate furious",
        "disgust": "gross awful",
        "fear": "scared afraid",
        "joy": "glad lovely",
        "neutral": "table window",
        "sadness": "lonely crying",
        "surprise": "unexpected sudden",
    }
    folder.mkdir()
    for corpus, column in (("goemotions", "labels"), ("meld", "label")):
        for split in ("train", "validation", "test"):
            rows = [
                f"{said} {number} {other}\t{label}"
                for label, said in words.items()
                for number, other in enumerate(("monday", "tuesday", "friday", "monday", "friday", "tuesday") * 2)
            ]
            (folder / f"{corpus}_{split}.tsv").write_text(
                "\n".join([f"text\t{column}", *rows]) + "\n", encoding="utf-8"
            )
