"""Composed calls: their plans, and the figures made of their scores."""

from pathlib import Path

import numpy as np
import pytest

from convert.card.printed.call_table import call_table
from convert.corpora.clip import Clip
from convert.data import recordings
from convert.stream.call_plans import N_CLIPS, PLANS, call, telephone
from convert.stream.calls import Analysed, call_metrics
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle

BUNDLE = load_bundle(DEFAULT_BUNDLE)
_SCORES = {"angry": [0.9, 0.02, 0.02, 0.02, 0.02, 0.02], "neutral": [0.02, 0.02, 0.02, 0.02, 0.9, 0.02]}


@pytest.fixture
def clips(tmp_path: Path) -> dict[str, list[Clip]]:
    """Half a second of a tone for each label: 300 Hz is angry, 1000 Hz neutral."""
    made = {}
    for label, hz in (("angry", 300), ("neutral", 1000)):
        file = tmp_path / f"{label}.wav"
        recordings.write(file, np.sin(2 * np.pi * hz * np.arange(8000) / 16000).astype(np.float32) / 2)
        made[label] = [Clip(id=label, corpus="x", speaker="x", gender="", emotion=label, label=label, audio=file)]
    return made


def test_call_follows_its_plan(clips: dict[str, list[Clip]]) -> None:
    """The customer is left, first angry and then calm; the other speaker answers on the right."""
    sides = call(clips, clips["neutral"], "calms early", [1])
    assert sides.shape[1] == 2
    spoken_s = np.count_nonzero(np.abs(sides[:, 0]) > 0.01) / 16000
    assert spoken_s == pytest.approx(N_CLIPS * 0.5, rel=0.2)  # less the tone's zero crossings
    thirds = np.array_split(sides[:, 0], 3)
    loudest_hz = [np.abs(np.fft.rfft(part)).argmax() * 16000 / len(part) for part in thirds]
    assert loudest_hz == pytest.approx([300, 1000, 1000], abs=5)
    alone = call(clips, [], "calms early", [1])
    assert np.abs(alone[:, 1]).max() < 0.01
    assert len(telephone(sides)) == -(-len(sides) // 2)


def test_figures_of_calls_that_are_recognised() -> None:
    """A recogniser without an error orders every speaker, and shuffled calls score 5.5."""
    calls = []
    for speaker in ("a", "b"):
        for plan, parts in PLANS.items():
            rows = [_SCORES[label] for label, share in parts for _ in range(round(40 * share))]
            scores = np.array(rows, np.float32)
            calls += [Analysed(speaker, plan, band, 1, scores, 60.0) for band in ("wide", "telephone")]
    found = call_metrics(calls, BUNDLE)
    row = found["rows"]["telephone, one pass"]
    assert row["ordered"] == {"1": 2}
    assert row["wrong"] == []
    assert row["plans"]["flat angry"] == pytest.approx([5.5] * 3)
    assert abs(row["shuffled_mean"] - 5.5) < 0.2
    assert "2 of 2" in call_table(found)
