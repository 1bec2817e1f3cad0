"""Composed mono calls: who speaks when, and the error of a split."""

from pathlib import Path

import numpy as np
import pytest

from convert.corpora.clip import Clip
from convert.data import recordings
from convert.voices.mono_calls import Person, mono_call, pairs, people, wrong_share


@pytest.fixture
def two(tmp_path: Path) -> list[Person]:
    """Two speakers of one second each a label: tones of 300 and of 1000 Hz."""
    clips = []
    for speaker, hz in (("a", 300), ("b", 1000)):
        for label in ("angry", "neutral", "sad"):
            file = tmp_path / f"{speaker}{label}.wav"
            recordings.write(file, np.sin(2 * np.pi * hz * np.arange(16_000) / 16_000).astype(np.float32) / 2)
            clips.append(
                Clip(id=file.stem, corpus="x", speaker=speaker, gender="female", emotion=label, label=label, audio=file)
            )
    return people(clips)


def test_call_has_its_truth(two: list[Person]) -> None:
    """Where the truth says the first, his tone sounds; turns change after one to three clips."""
    mono, truth = mono_call(two[0], two[1], [1])
    assert len(truth) == len(mono) // 256
    assert set(np.unique(truth)) == {0, 1, 2}
    for index in range(0, len(truth), 50):
        frame = mono[index * 256 : index * 256 + 1024]
        hz = np.abs(np.fft.rfft(frame)).argmax() * 16_000 / 1024
        if truth[index] and set(truth[index : index + 4]) == {truth[index]}:
            assert hz == pytest.approx({1: 300, 2: 1000}[int(truth[index])], abs=20)
    assert np.array_equal(mono_call(two[0], two[1], [1])[0], mono)


def test_pairs_of_one_gender(two: list[Person]) -> None:
    """The same seed draws the same pairs; a man and a woman are none."""
    man = Person("c", "male", two[0].clips)
    drawn = pairs([*two, man], 5, 1)
    assert [{one.name for one in pair} for pair in drawn] == [{"a", "b"}]


def test_wrong_share_of_either_order() -> None:
    """Which voice is called the first does not matter; silence and frames that nobody got do not count."""
    truth = np.array([1, 1, 1, 2, 2, 0, 0, 2], np.int8)
    assert wrong_share(truth, truth) == 0
    assert wrong_share(np.array([2, 2, 2, 1, 1, 1, 0, 1], np.int8), truth) == 0
    assert wrong_share(np.array([1, 1, 2, 2, 2, 0, 0, 0], np.int8), truth) == pytest.approx(0.2)
    assert wrong_share(np.zeros(8, np.int8), truth) == 1
