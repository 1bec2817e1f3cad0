"""A group of clips to its row: by gender, the cost of the margin, top-3; and alternatives on the same clips."""

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from convert.card.comparison_tables import alternatives_section
from convert.corpora.clip import Clip
from convert.data import dataset
from convert.evaluate.alternatives import alternative, alternatives_metrics
from convert.score import clip_scores, rows
from convert.score.clip_scores import ClipWindows
from convert.score.metrics import reliability, top
from edged.errors import UsageError
from edged.features.logmel import Floats
from edged.models.bundle import Manifest, load_bundle
from tests.parts.models import layouts
from tests.parts.models.bundles import NETWORKS
from tests.parts.models.bundles import manifest as tiny_manifest


def manifest() -> Manifest:
    """Labels calm, tense, loud, flat; models all, quiet, edge."""
    return msgspec.convert(tiny_manifest(), Manifest)


def windows() -> ClipWindows:
    """Four clips of a window each, of two women and a man."""
    clips = [
        Clip(id=str(n), corpus="c", speaker=speaker, gender=gender, emotion=label, label=label)
        for n, (speaker, gender, label) in enumerate(
            (("a", "female", "calm"), ("b", "female", "tense"), ("m", "male", "loud"), ("m", "male", "flat"))
        )
    ]
    return ClipWindows(clips, np.zeros((4, 188, 64), np.uint8), np.arange(4))


def raw(first: list[list[float]]) -> dict[str, Floats]:
    """Scores of the first model; the others cannot decide."""
    half = np.full((4, 2), 0.5, np.float32)
    return {"all": np.array(first, np.float32), "quiet": half, "edge": half}


_SURE = [[0.97, 0.01, 0.01, 0.01], [0.01, 0.97, 0.01, 0.01], [0.01, 0.97, 0.01, 0.01], [0.01, 0.01, 0.02, 0.96]]


def test_row_by_gender() -> None:
    """Each gender has its own metrics and speakers."""
    found = rows.clip_row(manifest(), raw(_SURE), windows())["gender"]
    assert {gender: (own["speakers"], own["clips"]) for gender, own in found.items()} == {
        "female": (2, 2), "male": (1, 2),
    }  # fmt: skip
    assert (found["female"]["first"]["uar"], found["male"]["first"]["uar"]) == (1.0, 0.5)


def test_row_uncertain() -> None:
    """Clips with a lead below the margin are counted, with the accuracy on them and on the others."""
    sure = np.array([[0.97, 0.03], [0.97, 0.03], [0.97, 0.03], [0.03, 0.97]], np.float32)
    decided = {"all": np.array(_SURE, np.float32), "quiet": sure, "edge": sure}
    found = rows.clip_row(manifest(), decided, windows())["uncertain"]
    assert found == {"margin": rows.MARGIN, "share": 0, "right_else": 0.75}
    decided["all"][0], decided["quiet"][0] = (0.30, 0.25, 0.23, 0.22), (0.53, 0.47)
    found = rows.clip_row(manifest(), decided, windows())["uncertain"]
    assert found == {"margin": rows.MARGIN, "share": 0.25, "right_uncertain": 1, "right_else": 0.6667}


def test_row_has_ways() -> None:
    """Hard, soft and the first model alone, with top-3 and ECE; reliability counts every clip."""
    found = rows.clip_row(manifest(), raw(_SURE), windows())
    for way in ("hard", "soft", "first"):
        assert {"uar", "uar_95", "top3", "ece", "recall", "confusion"} <= found[way].keys()
    assert found["first"]["top3"] >= found["first"]["war"] == 0.75
    assert sum(count for _, _, count in found["reliability"]) == 4


def test_row_has_intervals() -> None:
    """Over speakers, of all but ECE: women are always right, the man with one of his two clips."""
    found = rows.clip_row(manifest(), raw(_SURE), windows())["first"]
    assert found["macro_f1"] == round((1 + 2 / 3 + 0 + 1) / 4, 4)
    assert found["war_95"] == [0.5, 1.0]  # of the man alone, and of the women alone
    low, high = found["macro_f1_95"]
    assert low < found["macro_f1"] < high
    assert found["top3_95"] == [1.0, 1.0]


def test_row_of_one_speaker_has_no_intervals() -> None:
    """Except UAR's, which is a point."""
    given = windows()
    one = ClipWindows([dataclasses.replace(clip, speaker="a") for clip in given.clips], given.images, given.owner)
    found = rows.clip_row(manifest(), raw(_SURE), one)["first"]
    assert {name: found[name] for name in ("war_95", "macro_f1_95", "top3_95")} == {
        "war_95": None, "macro_f1_95": None, "top3_95": None,
    }  # fmt: skip
    assert found["uar_95"] == [0.75, 0.75]


def test_top() -> None:
    """The true label among the greatest; clips without one do not count."""
    answers = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], np.float32)
    truth = np.array([1, 2, -1])
    assert [top(truth, answers, count) for count in (1, 2, 3)] == [0, 0.5, 1]


def test_reliability_bins() -> None:
    """Clips of alike confidence share a bin with the share of them that is right."""
    answers = np.array([[0.9, 0.1], [0.9, 0.1], [0.55, 0.45]], np.float32)
    found = reliability(np.array([0, 1, 0]), answers)
    assert [(round(confidence, 2), right, count) for confidence, right, count in found] == [
        (0.55, 1.0, 1), (0.9, 0.5, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("argument", ["", "name", "name=", "=file", "name=/nowhere.tflite"])
def test_alternative_wrong(argument: str) -> None:
    """One line that says what was expected."""
    with pytest.raises(UsageError, match=r"--alternative .*expected"):
        alternative(argument)


def spoken(folder: Path) -> list[Clip]:
    """Two angry and two sad clips, prepared."""
    clips = [
        Clip(
            id=f"{label}{n}", corpus="c", speaker=f"s{n}", gender="", emotion=label, label=label,
            audio=layouts.sound(folder / f"{label}{n}.wav", pitch_hz, 1.0),
        )
        for label, pitch_hz in (("angry", 300), ("sad", 120))
        for n in range(2)
    ]  # fmt: skip
    dataset.prepare(clips, folder / "cache")
    return clips


def test_cached_scores_know_their_order(tmp_path: Path) -> None:
    """The same clips in another order get their own scores, not those that were cached for the first order."""
    contents, clips = load_bundle(NETWORKS).contents, spoken(tmp_path)
    first = _raw(contents, clips, tmp_path)
    again = _raw(contents, clips[::-1], tmp_path)
    assert not np.array_equal(first["m1"], first["m1"][::-1])
    assert np.array_equal(again["m1"], first["m1"][::-1])


def test_alternative_is_the_average_of_its_files(tmp_path: Path) -> None:
    """A file averaged with itself equals the file alone, and both the first model at a fitted temperature."""
    bundle = load_bundle(NETWORKS)
    clips = spoken(tmp_path)
    file = str(NETWORKS / "m1.tflite")
    given = [alternative(f"one={file}"), alternative(f"two={file},{file}")]
    found = alternatives_metrics(given, clips, {"c": clips}, tmp_path / "cache", tmp_path / "scores")
    assert found["one"]["rows"] == found["two"]["rows"]
    assert [found[name]["models"] for name in ("one", "two")] == [1, 2]
    own = rows.clip_row(
        bundle.manifest, _raw(bundle.contents, clips, tmp_path), clip_scores.clip_windows(clips, tmp_path / "cache")
    )
    assert found["one"]["rows"]["c"]["confusion"] == own["first"]["confusion"]
    first, other = found["one"] | {"commit": "abc"}, found["two"] | {"commit": "def"}
    lines = alternatives_section({"c": own}, {"one": first, "two": other, "three": other}).splitlines()
    assert [line.split(" | ")[1] for line in lines if line.startswith("| c |")] == [
        "cascade, hard", "cascade, soft", "M1 alone", "one", "two", "three",
    ]  # fmt: skip
    assert lines[-2:] == ["Evaluated at `abc`: one.", "Evaluated at `def`: two, three."]


def _raw(contents: dict[str, bytes], clips: list[Clip], folder: Path) -> dict[str, Floats]:
    manifest_of = load_bundle(NETWORKS).manifest
    n_labels = {name: len(model.labels) for name, model in manifest_of.models.items()}
    clipped = clip_scores.clip_windows(clips, folder / "cache")
    return clip_scores.int8_scores(contents, n_labels, "ai-edge-litert", clipped, folder / "scores")
