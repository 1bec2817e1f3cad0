"""The search optimises its scorer, and the scorer prefers what the bundle detects."""

import shutil

import numpy as np
import pytest
import soundfile

from convert.demo.lines import Line, Voice
from convert.demo.scoring import Scorer
from convert.demo.search import Effort, Found, searched
from convert.demo.speech import Reals, analysed
from edged.demo.sample import SAMPLE, load_turns
from edged.demo.verdict import MIN_EMOTIONS
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle

LINE = Line("angry", -20, "Who left the gate open again? I told you a hundred times! Do not touch that! Stop it now!")
VOICES = (Voice("espeak-ng", "en-us+m1"), Voice("espeak-ng", "en-us+f2"))
SMALL = Effort(per_voice=6, n_voices=1, n_rounds=4, per_round=8, n_best=3)
SHORT = Effort(per_voice=2, n_voices=1, n_rounds=1, per_round=3, n_best=2)


class HighPitch(Scorer):
    """Prefers voices of 250 Hz."""

    def __init__(self) -> None:
        pass

    def score(self, utterance: Reals, label: str) -> float:
        """0 at 250 Hz, less on both sides."""
        assert label == "angry"
        return -abs(float(np.log(analysed(utterance[: 16_000 * 2]).mean_pitch_hz / 250)))


@pytest.fixture(scope="module")
def found() -> list[Found]:
    """Result of a small search."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng: apt-get install espeak-ng")
    return searched(LINE, VOICES, HighPitch(), 1, SMALL)


def test_search_finds_what_is_wanted(found: list[Found]) -> None:
    """The result is within a semitone; only the best voice is searched to the end."""
    assert len(found) == 1
    assert found[0].score > -1 / 17


@pytest.mark.usefixtures("found")  # needs espeak-ng
def test_search_is_the_same_for_the_same_seed() -> None:
    """Another seed gives another result."""
    first, again, other = (searched(LINE, VOICES, HighPitch(), seed, SHORT) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_shipped_sample_scores_highest_as_it_is_meant() -> None:
    """At least four emotions are detected, although each turn is scored alone and in another room."""
    sound, rate_hz = soundfile.read(SAMPLE, dtype="float64")
    bundle = load_bundle(DEFAULT_BUNDLE)
    scorer = Scorer(bundle)
    right = set()
    for turn in load_turns():
        utterance = sound[round(turn.start_s * rate_hz) : round(turn.end_s * rate_hz)]
        utterance = utterance / np.sqrt(np.mean(utterance**2))
        scores = {label: scorer.score(utterance, label) for label in bundle.manifest.labels}
        if max(scores, key=scores.__getitem__) == turn.meant:
            right.add(turn.meant)
    assert len(right) >= MIN_EMOTIONS


def test_silence_scores_lowest() -> None:
    """Speech refused by the gate is as bad as a wrong label."""
    scorer = Scorer(load_bundle(DEFAULT_BUNDLE))
    noise = np.random.default_rng(1).standard_normal(16_000 * 6)
    assert scorer.score(noise, "neutral") == pytest.approx(np.log(1 / 512), abs=0.5)
