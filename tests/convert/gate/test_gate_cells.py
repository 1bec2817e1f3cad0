"""Speech by cell: which windows count, the conditions of each clip, and the card's table."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("webrtcvad", reason="needs webrtcvad: pip install -e '.[convert]'")
from convert.card.gate.section import section
from convert.corpora import Clip
from convert.data.surroundings import Surroundings
from convert.gate.cells import CLEAN, SHOUTED, WHISPERED, cells, intensity, sounding
from convert.gate.material import whole
from convert.gate.recipe import GateRecipe, GateRun
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Window, Windows
from edged.models.bundle import GateModel
from tests.parts.models import layouts
from tests.parts.sound.speech import RATE_HZ, noise, sine

AROUND = Surroundings([], [], [])


def windows(samples: Floats) -> list[Window]:
    """Windows as the device makes them."""
    cut = Windows(GEOMETRY, 31 * GEOMETRY.hop)
    return [*cut.push(samples, 0), *cut.finish()]


def clip(**given: object) -> Clip:
    """A clip of an angry voice."""
    known = {"id": "a", "corpus": "c", "speaker": "s", "gender": "", "emotion": "angry", "label": "angry"}
    return Clip(**{**known, **given})  # type: ignore[arg-type]


@pytest.fixture
def run(tmp_path: Path) -> GateRun:
    """A run without results."""
    return GateRun(GateRecipe(), 1, tmp_path / "run", tmp_path / "cache")


@pytest.mark.parametrize(("spoken_s", "counts"), [(0.9, False), (1.2, True)])
def test_a_second_counts(spoken_s: float, counts: bool) -> None:  # noqa: FBT001 - the parameter itself
    """A tone of 0.9 s in silence is too short, one of 1.2 s is long enough."""
    sound = np.concatenate([np.zeros(RATE_HZ, np.float32), sine(500, spoken_s, 0.1), np.zeros(RATE_HZ, np.float32)])
    assert sounding(windows(sound)).tolist() == [counts]


def test_noise_of_a_pause_does_not_count() -> None:
    """The floor 30 dB below a word is pause, although it is less than 40 dB below."""
    sound = noise(3, 0.003)
    sound[RATE_HZ : RATE_HZ + RATE_HZ // 2] += sine(500, 0.5, 0.1)
    assert not sounding(windows(sound)).any()


def test_silence_does_not_count() -> None:
    """Digital silence has no second of sound."""
    assert not sounding(windows(np.zeros(4 * RATE_HZ, np.float32))).any()


@pytest.mark.parametrize(("level", "expected"), [(49.9, "low"), (50.0, "middle"), (69.9, "middle"), (70.0, "high")])
def test_intensity_by_listeners(level: float, expected: str) -> None:
    """The listeners' rating has three levels."""
    assert intensity(clip(level=level, intensity="XX")) == expected


def test_intensity_by_the_corpus() -> None:
    """Without a rating the corpus' own intensity is used."""
    assert intensity(clip(intensity="strong")) == "strong"


def test_every_clip_in_every_condition(run: GateRun, tmp_path: Path) -> None:
    """Recorded, telephone, MP3, softer, shouted, whispered: each condition has the same windows."""
    file = layouts.sound(tmp_path / "angry.wav", 200, 1.5)
    found = list(cells({"c": [clip(audio=file)]}, AROUND, run))
    assert [part.kind[:3] for part in found] == [("c", "angry", "")] * 6
    assert {part.kind[3] for part in found} == {CLEAN, "telephone", "mp3", "softer", SHOUTED, WHISPERED}
    assert all(part.images.shape == (1, GEOMETRY.n_frames, GEOMETRY.n_bands) for part in found)


def test_conditions_take_turns(run: GateRun, tmp_path: Path) -> None:
    """Five clips with two conditions each besides the clean one: every condition twice."""
    file = layouts.sound(tmp_path / "angry.wav", 200, 1.5)
    clips = [clip(id=str(number), audio=file) for number in range(5)]
    names = [part.kind[3] for part in cells({"c": clips}, AROUND, run, in_turn=2)]
    assert names.count(CLEAN) == 5
    assert {names.count(name) for name in set(names) - {CLEAN}} == {2}


def test_short_clips_have_no_cells(run: GateRun, tmp_path: Path) -> None:
    """0.7 s of voice is less than a second."""
    file = layouts.sound(tmp_path / "angry.wav", 200, 0.7)
    assert not list(cells({"c": [clip(audio=file)]}, AROUND, run))


def test_unseen_corpora_are_drawn_by_kind(tmp_path: Path) -> None:
    """One clip per emotion and intensity, always the same ones; a missing corpus is left out."""
    layouts.emodb(tmp_path / "emodb")
    found = whole(tmp_path, ("emodb", "nemo"), 1)
    assert found.keys() == {"emodb"}
    assert sorted(one.emotion for one in found["emodb"]) == sorted(
        ["angry", "boredom", "disgust", "fear", "happy", "neutral", "sad"]
    )
    assert found == whole(tmp_path, ("emodb", "nemo"), 1)


def test_card_has_the_cells() -> None:
    """A row per emotion and intensity, a column per condition, and the number of cells within the goal."""
    model = GateModel(
        file="gate.tflite", sha256="0" * 64, labels=("other", "speech"), parameters=1, multiply_adds=1, threshold=0.5
    )
    rate = {"threshold": 0.5, "equal_error": 0.01, "missed": 0.01, "accepted": 0.02, "accepted_per_hour": 145.2}
    figures = {
        "webrtcvad_mode": 3,
        "gates": dict.fromkeys(("model", "webrtcvad", "level"), rate),
        "groups": {},
        "windows": {"speech": 10, "other": 10},
        "hours": 0.1,
        "cells": [
            {
                "corpus": "ravdess",
                "emotion": "angry",
                "intensity": "strong",
                "windows": 195,
                "too_quiet": 0.0,
                "missed": {"clean": 0.221, "mp3": 0.3, "shouted": 0.01},
            },
            {
                "corpus": "emodb",
                "emotion": "sad",
                "intensity": "",
                "windows": 50,
                "too_quiet": 0.04,
                "missed": {"clean": 0.02},
            },
        ],
    }
    training = {"recipe": {"most_accepted": 0.02}, "seed": 3, "sources": {}}
    text = section(model, training, figures)
    assert "| corpus | emotion | intensity | windows | as recorded | MP3, 32 kbit/s | shouted | too quiet |" in text
    assert "| RAVDESS | angry | strong | 195 | 22.1% | 30.0% | 1.0% | 0.0% |" in text
    assert "| EMO-DB | sad | - | 50 | 2.0% | - | - | 4.0% |" in text
    assert "1 of 2 cells are within 2% (worst 22.1%); over all conditions, 2 of\n4." in text
