"""The voice of a place: which node counts, how long its state holds, and what is ignored."""

import math

import msgspec
import pytest

from edged.config.hub.structs import LABELS
from edged.contract.fields import rfc3339
from edged.contract.payloads import EmotionState, encoded
from edged.hub.inputs import Ignored, Said
from edged.hub.voice import Voice

UTC_S = 1_795_725_600.0
_SCORES = {"angry": 0.5, "disgust": 0.1, "fear": 0.1, "happy": 0.1, "neutral": 0.1, "sad": 0.1}


def state(
    emotion: str, probability: float | None = None, *, level_dbfs: float | None = None, age_s: float = 0
) -> bytes:
    """A state of a node, as it is published."""
    moment = rfc3339(UTC_S - age_s)
    return encoded(
        EmotionState(
            time=moment,
            emotion=emotion,
            speech=emotion != "none",
            since=moment,
            probability=probability,
            scores=None if emotion == "none" else _SCORES,
            level_dbfs=level_dbfs,
        )
    )


def take(voice: Voice, payload: bytes, now_s: float, node: str = "a", topic: str = "emotion") -> Said | Ignored | None:
    """A message of ``node`` at ``now_s``."""
    return voice.read(node, topic, payload, now_s, UTC_S)


def label(voice: Voice, now_s: float) -> tuple[str, float]:
    """The voice's label and age."""
    found = voice.said(now_s)
    assert found is not None
    return found[0].vote, found[1]


def test_nothing_before_speech() -> None:
    """No node has said anything, or only that nobody speaks."""
    voice = Voice(LABELS, 5)
    assert voice.said(0) is None
    assert take(voice, state("none"), 0) is None
    assert voice.said(0) is None


def test_state_holds_until_the_next() -> None:
    """Its age is 0 for as long as it holds, and counts from its end."""
    voice = Voice(LABELS, 5)
    take(voice, state("angry", 0.9), 10)
    assert label(voice, 100) == ("angry", 0)
    take(voice, state("none"), 110)
    assert label(voice, 113) == ("angry", 3)


@pytest.mark.parametrize(
    ("topic", "payload"), [("availability", b"offline"), ("capture", b"muted"), ("capture", b"stalled")]
)
def test_node_that_is_gone_or_muted_ends_its_state(topic: str, payload: bytes) -> None:
    """It ages from then on."""
    voice = Voice(LABELS, 5)
    take(voice, state("angry", 0.9), 10)
    take(voice, payload, 20, topic=topic)
    assert label(voice, 22) == ("angry", 2)
    take(voice, b"online", 23, topic=topic)
    assert label(voice, 24) == ("angry", 4)


def test_lost_connection_ends_all_states() -> None:
    """What they say meanwhile is unknown."""
    voice = Voice(LABELS, 5)
    take(voice, state("angry", 0.9), 10)
    voice.lost(20)
    assert label(voice, 21) == ("angry", 1)


def test_loudest_node_with_speech_counts() -> None:
    """The nearest microphone; a quiet one only once the others hear nothing."""
    voice = Voice(LABELS, 5)
    take(voice, state("sad", 0.9, level_dbfs=-50), 0, "far")
    take(voice, state("angry", 0.9, level_dbfs=-20), 1, "near")
    assert label(voice, 2)[0] == "angry"
    take(voice, state("none"), 3, "near")
    assert label(voice, 4) == ("sad", 0)
    take(voice, state("none"), 5, "far")
    assert label(voice, 6) == ("sad", 1)


def test_probability_stands_for_the_label() -> None:
    """As the tracker decided; the other labels keep their proportions."""
    voice = Voice(LABELS, 5)
    said = take(voice, state("angry", 0.9), 0)
    assert isinstance(said, Said)
    assert said.scores["angry"] == pytest.approx(0.9)
    assert said.scores["sad"] == pytest.approx(0.02)
    assert math.fsum(said.scores.values()) == pytest.approx(1)


def test_uncertain_state_has_scores_and_no_vote() -> None:
    """So a face or words may tip it."""
    said = take(Voice(LABELS, 5), state("uncertain", 0.55), 0)
    assert isinstance(said, Said)
    assert said.vote == ""
    assert said.scores == pytest.approx(_SCORES)


@pytest.mark.parametrize(
    ("probability", "angry"), [(0.4, 0.4), (0.2, 0.2), (0.1, 1 / 6), (None, 0.5)], ids=["0.4", "0.2", "0.1", "none"]
)
def test_uncertain_state_has_no_score_above_its_probability(probability: float | None, angry: float) -> None:
    """The first window of speech may be sure of a label that the tracker does not trust yet."""
    said = take(Voice(LABELS, 5), state("uncertain", probability), 0)
    assert isinstance(said, Said)
    assert said.scores["angry"] == pytest.approx(angry) == max(said.scores.values())
    assert math.fsum(said.scores.values()) == pytest.approx(1)


def test_late_and_malformed() -> None:
    """A state that waited somewhere, or a clock that is off; anything that is no state."""
    voice = Voice(LABELS, 5)
    assert take(voice, state("angry", 0.9, age_s=11), 0) == Ignored("late")
    assert take(voice, state("angry", 0.9, age_s=-11), 0) == Ignored("late")
    for payload in (b"", b"angry", b"{}", b"\xff", b"[" * 4000, state("angry").replace(b"2026", b"0000")):
        assert take(voice, payload, 0) == Ignored("malformed")
    assert voice.said(0) is None


def test_labels_of_another_bundle() -> None:
    """None of ours: counted; some of ours: those count."""
    other = msgspec.structs.replace(msgspec.json.decode(state("angry"), type=EmotionState), scores={"calm": 1.0})
    assert take(Voice(LABELS, 5), encoded(other), 0) == Ignored("unknown_labels", ("calm",))
    mixed = msgspec.structs.replace(other, scores={"calm": 0.5, "sad": 0.5}, emotion="calm")
    said = take(Voice(LABELS, 5), encoded(mixed), 0)
    assert isinstance(said, Said)
    assert (said.vote, said.scores["sad"]) == ("", 1)


def test_votes_are_seconds_within_the_window() -> None:
    """The label that held longest of the last five seconds."""
    voice = Voice(LABELS, 5)
    take(voice, state("sad", 0.9), 0)
    take(voice, state("angry", 0.9), 7)
    take(voice, state("none"), 8)
    assert [*voice.votes(10)] == [("sad", 2), ("angry", 1)]
