"""Two voices by their sound: from embeddings whose truth is known, and from people who speak."""

from pathlib import Path

import numpy as np
import pytest

from convert import corpora as readers
from convert.data import recordings
from convert.voices.error import frames_of
from convert.voices.mono_calls import Person, mono_call, people, wrong_share
from edged.calls.analysis import analyse
from edged.calls.settings import CallSettings
from edged.calls.voices.clusters import two_sides
from edged.calls.voices.split import split, voices_of
from edged.config.structs import Config
from edged.features.logmel import Floats
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.calls.composed import RATE_HZ, turns, write

SETTINGS = CallSettings(config=Config(), bundle=load_bundle(DEFAULT_BUNDLE), customer="mono")
_WINDOW, _STEP = 100, 50  # frames of 16 ms


def _voices(n: int, noise: float) -> Floats:
    """(2 n, 8) embeddings of two voices, ten windows of one and then ten of the other."""
    rng = np.random.default_rng(1)
    means = np.eye(8)[[0, 1]] + 0.5  # alike in most of what they have
    made = np.concatenate([means[index // 10 % 2] + rng.normal(0, noise, (1, 8)) for index in range(2 * n)])
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def test_sides_of_two_voices() -> None:
    """Each window is nearer to its own voice; how alike both are is known."""
    sides = two_sides(_voices(20, 0.1))
    assert sides is not None
    first = sides.sides > 0
    assert set(first[:10]) == set(first[20:30])
    assert set(first[:10]).isdisjoint(set(first[10:20]))
    assert np.abs(sides.sides).mean() == pytest.approx(1)
    assert sides.alike == pytest.approx(
        float(np.dot([1.5, 0.5, 0.5], [0.5, 1.5, 0.5]) + 5 * 0.25) / (2.75 + 1.25), abs=0.05
    )


@pytest.mark.parametrize(
    "embeddings", [np.zeros((0, 8)), np.ones((1, 8)), np.ones((5, 8))], ids=["none", "one", "same"]
)
def test_sides_of_one_voice(embeddings: Floats) -> None:
    """Nothing to split."""
    assert two_sides(embeddings.astype(np.float32)) is None


def test_turns_of_windows() -> None:
    """Ten windows of one voice and ten of the other, twice: four turns, to half a window; voice 1 speaks first."""
    starts = np.arange(40) * _STEP
    speech = np.ones(41 * _STEP, bool)
    speech[:20] = False
    found = voices_of(_voices(20, 0.02), starts, speech)
    assert [turn.speaker for turn in found.turns] == ["voice 1", "voice 2", "voice 1", "voice 2"]
    ends_s = [turn.end_s for turn in found.turns]
    assert ends_s == pytest.approx([at * _STEP * 0.016 for at in (10.5, 20.5, 30.5, 41)], abs=0.8)
    assert found.turns[0].start_s == pytest.approx(0.32)
    assert [voice.number for voice in found.voices] == [1, 2]
    assert all(voice.sample.end_s - voice.sample.start_s == pytest.approx(8, abs=0.6) for voice in found.voices)


def test_too_little_speech_is_not_split(tmp_path: Path) -> None:
    """Silence and half a second of speech have no two voices."""
    speech = turns()["neutral"][0]
    for name, sound in (("silent", np.zeros(4 * RATE_HZ, np.float32)), ("short", speech[: RATE_HZ // 2])):
        found = split(write(tmp_path / f"{name}.wav", sound), SETTINGS, lambda _done_s, _total_s: None)
        assert found.turns == ()
        assert found.voices == []


@pytest.fixture(scope="module")
def speakers(corpora: Path) -> dict[str, Person]:
    """Two women of EMO-DB that the directions were not learned from."""
    known = people([clip for clip in readers.read(corpora / "emodb") if clip.audio is not None])
    return {person.name: person for person in known if person.name in {"EMODB_13", "EMODB_14"}}


def test_two_women_are_separated(speakers: dict[str, Person], tmp_path: Path) -> None:
    """Of a composed call of two women, one of them angry by half, at least nine tenths of the speech are right.

    The report lists both with a place to hear them, wants the customer named, and has a score for the one that is.
    """
    mono, truth = mono_call(speakers["EMODB_13"], speakers["EMODB_14"], [1])
    file = tmp_path / "call.wav"
    recordings.write(file, mono)
    found = split(file, SETTINGS, lambda _done_s, _total_s: None)
    assert wrong_share(frames_of(found, len(truth)), truth) < 0.1
    asked = analyse(file, SETTINGS)
    assert asked.voices == found.voices
    assert asked.score is None
    assert "--voice 1 (speaks first at" in (asked.reason or "")
    chosen = analyse(file, CallSettings(config=Config(), bundle=SETTINGS.bundle, customer="mono", voice=1))
    assert chosen.call.separated_by == "voices"
    assert chosen.call.voice == 1
    assert [party.role for party in chosen.talk.parties] == ["customer", "agent"]
    customer_s = float(np.count_nonzero(truth == 1)) * 0.016
    assert chosen.talk.parties[0].speech_s == pytest.approx(customer_s, rel=0.25)
