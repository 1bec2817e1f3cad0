"""One place: sources that come, fade and disagree."""

import pytest

from edged.config.hub.structs import LABELS, Input, Place
from edged.hub.fusion import of_label
from edged.hub.inputs import Said
from edged.hub.place import PlaceSources
from tests.unit.hub.test_voice import state, take

_INPUTS = [Input(kind="text", topic="a"), Input(kind="label", topic="b")]


def sources(**keys: object) -> PlaceSources:
    """A place with voice, words and a face."""
    return PlaceSources(Place(voice=["a"], inputs=_INPUTS, **keys), LABELS)  # type: ignore[arg-type]


def words(label: str, sure: float = 0.8) -> Said:
    """Words of this label."""
    rest = (1 - sure) / 5
    return Said({one: sure if one == label else rest for one in LABELS}, label)


def test_nothing_is_no_mood() -> None:
    """Neither confidence nor scores."""
    fused = sources().fused(0)
    assert (fused.emotion, fused.confidence, fused.scores, fused.sources) == ("none", None, None, {})


@pytest.mark.parametrize("method", ["pool", "rule"])
def test_voice_alone(method: str) -> None:
    """The mood is what the voice says, and there is no agreement."""
    place = sources(method=method)
    take(place.voice, state("angry", 0.9), 0)
    fused = place.fused(1)
    assert fused.emotion == "angry"
    assert fused.confidence == pytest.approx(0.9 if method == "pool" else 1)
    assert [*fused.sources] == ["voice"]
    assert fused.agreement is None


def test_words_fade_and_voice_stands_alone() -> None:
    """Their weight is reliability times e to the minus age by window."""
    place = sources()
    take(place.voice, state("angry", 0.9), 0)
    place.take("text", words("angry"), 0)
    fresh, later, gone = place.fused(0), place.fused(5), place.fused(60)
    assert fresh.sources["text"].weight == pytest.approx(0.05)
    assert later.sources["text"].weight == pytest.approx(0.05 * 0.368, abs=1e-3)
    assert fresh.agreement == 1
    assert "text" not in gone.sources
    assert fresh.confidence is not None
    assert later.confidence is not None
    assert gone.confidence == pytest.approx(0.9)
    assert 0.9 < later.confidence < fresh.confidence


def test_mood_ends_a_window_after_the_last_source() -> None:
    """Without anything fresh there is none."""
    place = sources(window_s=5)
    place.take("face", words("happy"), 10)
    assert place.fused(15).emotion != "none"
    assert place.fused(15.1).emotion == "none"


def test_disagreement_is_uncertain() -> None:
    """No label reaches the threshold."""
    place = sources(reliability=0.3)
    take(place.voice, state("angry", 0.6), 0)
    place.take("text", words("happy", 0.6), 0)
    fused = place.fused(0)
    assert fused.emotion == "uncertain"
    assert fused.agreement is not None
    assert fused.agreement < 1


def test_source_without_reliability_is_no_source() -> None:
    """It is neither counted nor named, and makes no mood."""
    place = PlaceSources(Place(inputs=[Input(kind="label", topic="b", reliability=0)]), LABELS)
    place.take("face", words("happy"), 0)
    assert place.fused(0).emotion == "none"


def test_prior_decides_a_tie() -> None:
    """A source that is as sure of two labels leaves it to what is usual."""
    place = PlaceSources(Place(inputs=[Input(kind="label", topic="b", reliability=0.5)], prior={"sad": 0.5}), LABELS)
    place.take("face", Said({**of_label("sad", LABELS), "sad": 0.5, "happy": 0.5}, "sad"), 0)
    scores = place.fused(0).scores
    assert scores is not None
    assert scores["sad"] > scores["happy"]


def test_rule_takes_the_most_frequent_of_the_window() -> None:
    """Five seconds of each source; the words lead."""
    place = sources(method="rule")
    take(place.voice, state("sad", 0.9), 0)
    take(place.voice, state("angry", 0.9), 8)
    for at_s, label in ((3, "sad"), (6, "happy"), (7, "happy"), (9, "angry")):
        place.take("face", words(label), at_s)
    fused = place.fused(10)
    assert {name: source.label for name, source in fused.sources.items()} == {"voice": "sad", "face": "happy"}
    assert fused.emotion == "sad"
    place.take("text", words("angry"), 9)
    fused = place.fused(10)
    assert fused.emotion == "angry"
    assert fused.confidence == pytest.approx(1 / 3)
    assert fused.agreement == pytest.approx(1 / 3, abs=1e-3)


def test_rule_of_surprise_alone_is_uncertain() -> None:
    """A face that says nothing of ours."""
    place = sources(method="rule")
    place.take("face", Said(dict.fromkeys(LABELS, 1 / 6), ""), 0)
    assert place.fused(1).emotion == "uncertain"


def test_voice_alone_is_uncertain_while_its_device_is() -> None:
    """One window scores 0.5, the device has not decided: the place shows no mood that it does not show."""
    place = sources(enter=0.45)
    take(place.voice, state("uncertain", 0.38), 0)
    assert place.fused(0).emotion == "uncertain"
