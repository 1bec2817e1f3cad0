"""Support vector machines: MFCC against their definition, and a classifier that separates voices."""

from pathlib import Path

import numpy as np
import python_speech_features as psf

from convert.corpora import Clip
from convert.data import dataset
from convert.data.material import Material
from convert.evaluate import svm
from tests.parts.models import layouts


def clip(file: Path, label: str, speaker: str) -> Clip:
    """A clip of ``file``."""
    return Clip(
        id=file.stem, corpus="c", speaker=speaker, gender="female", emotion=label, label=label, audio=file
    )  # fmt: skip


def material(folder: Path) -> Material:
    """High voices are angry, low ones are sad; three speakers, one a split."""
    splits = {}
    for speaker in ("a", "b", "c"):
        splits[speaker] = [
            clip(layouts.sound(folder / f"{speaker}{n}{label}.wav", pitch_hz), label, speaker)
            for label, pitch_hz in (("angry", 600), ("sad", 90))
            for n in range(4)
        ]
    return Material(splits["a"], splits["b"], {"c": splits["c"]}, {"gone": []})


def test_deltas_are_python_speech_features() -> None:
    """Our slopes without a loop are theirs."""
    course = np.random.default_rng(0).standard_normal((40, 13))
    assert np.allclose(svm.deltas(course), psf.delta(course, 2))


def test_features_are_cached(tmp_path: Path) -> None:
    """156 finite values a clip, from log-mel and from sound; those from sound are computed once."""
    one = clip(layouts.sound(tmp_path / "a.wav"), "sad", "s")
    dataset.prepare([one], tmp_path / "cache")
    for found in (
        svm.from_logmel(one, tmp_path / "cache"),
        svm.from_audio(one, tmp_path / "cache"),
    ):
        assert found.shape == (156,)
        assert np.isfinite(found).all()
    before = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "cache").iterdir()}
    svm.from_audio(one, tmp_path / "cache")
    assert before == {file.name: file.stat().st_mtime_ns for file in (tmp_path / "cache").iterdir()}


def test_machines_separate_voices(tmp_path: Path) -> None:
    """All kinds separate two voices that differ plainly, on a speaker they were not trained on.

    Empty groups are left out, and so are tasks with clips of one label only.
    """
    found = svm.svm_metrics(material(tmp_path), _prepared(tmp_path), seed=0)
    assert {kind: {name: metrics.uar for name, metrics in rows.items()} for kind, rows in found.items()} == {
        "dct": {"c": 1.0},
        "dct m2": {"c": 1.0},
        "mfcc": {"c": 1.0},
    }


def _prepared(folder: Path) -> Path:
    made = material(folder)
    dataset.prepare(made.all(), folder / "cache")
    return folder / "cache"
