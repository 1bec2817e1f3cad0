"""The committed sample, its intended emotions, and how a turn gets its emotion from episodes."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.demo.sample import SAMPLE, Episode, Turn, detected, load_turns, nearest, shares
from edged.demo.verdict import MIN_EMOTIONS
from edged.errors import RecordingError

ANGRY = Turn(start_s=2.0, end_s=6.0, meant="angry", text="Stop it!")
SAD = Turn(start_s=8.0, end_s=12.0, meant="sad", text="She is gone.")


def test_sample_is_long_enough_for_episodes_and_short_enough_to_watch() -> None:
    """The sample is neither clipped nor silent, and small enough to commit."""
    sound, sample_rate_hz = soundfile.read(SAMPLE, dtype="float64")
    assert sample_rate_hz == 16_000
    assert sound.ndim == 1
    assert 40 <= sound.size / 16_000 <= 70
    assert -35 < 10 * np.log10(np.mean(sound**2)) < -15
    assert 0.1 < np.max(np.abs(sound)) < 1
    assert SAMPLE.stat().st_size < 1_200_000


def test_turns_follow_each_other_within_the_sample() -> None:
    """Turns have pauses between them and more than enough emotions."""
    turns = load_turns()
    times_s = [0.0, *[time_s for turn in turns for time_s in (turn.start_s, turn.end_s)]]
    assert times_s == sorted(times_s)
    assert all(after.start_s - before.end_s >= 1 for before, after in pairwise(turns))
    assert turns[-1].end_s < soundfile.info(SAMPLE).duration
    assert len({turn.meant for turn in turns}) >= MIN_EMOTIONS
    assert all(turn.text for turn in turns)


def test_nearest_turn() -> None:
    """The nearest turn within a turn, in a pause, and beyond both ends."""
    assert [nearest((ANGRY, SAD), at_s) for at_s in (0, 4, 6.9, 7.1, 10, 99)] == [ANGRY, ANGRY, ANGRY, SAD, SAD, SAD]


def test_emotion_of_a_turn_is_that_of_its_longest_episodes() -> None:
    """The rest of an earlier episode does not count; two episodes of one label add up."""
    episodes = [
        Episode("neutral", 0.0, 3.5),
        Episode("angry", 3.5, 4.5),
        Episode("fear", 4.5, 5.0),
        Episode("angry", 5.0, 8.5),
    ]
    assert shares(ANGRY, episodes) == pytest.approx({"neutral": 0.375, "angry": 0.5, "fear": 0.125})
    assert detected(ANGRY, episodes) == "angry"
    assert detected(SAD, episodes) == "angry"


def test_turn_without_an_episode_is_none() -> None:
    """An episode that only touches the turn does not overlap it."""
    assert detected(SAD, [Episode("angry", 2.0, 8.0)]) == "none"


@pytest.mark.parametrize(
    "content", ["", "{}", '[{"start_s": 1}]', '[{"start_s": "x", "end_s": 2, "meant": "", "text": ""}]']
)
def test_turns_that_are_none_are_named(tmp_path: Path, content: str) -> None:
    """One line has the file and the fault."""
    file = tmp_path / "sample.json"
    file.write_text(content)
    with pytest.raises(RecordingError, match=r"sample\.json: .*, expected the turns"):
        load_turns(file)


def test_turns_that_are_missing_are_named(tmp_path: Path) -> None:
    """The file may be missing from an installation without package data."""
    with pytest.raises(RecordingError, match=r"sample\.json.*expected the turns"):
        load_turns(tmp_path / "sample.json")
