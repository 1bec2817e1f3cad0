"""The demo's simulated camera and words: in order, as their presets expect, and no better than a real camera."""

from collections import Counter

import pytest

from edged.config.hub.presets import complete
from edged.config.hub.structs import LABELS, Input
from edged.demo.sample import load_turns
from edged.demo.scenario import CAMERA_TOPIC, PLACE, WORDS_TOPIC, scenario
from edged.hub.inputs import Reader, Said
from tests.unit.hub.test_inputs import Words


def test_messages_in_order_one_transcript_a_turn() -> None:
    """The camera speaks each second of a turn, the words come after it."""
    turns = load_turns()
    messages = scenario(turns)
    assert [one.at_s for one in messages] == sorted(one.at_s for one in messages)
    words = [one for one in messages if one.topic == WORDS_TOPIC]
    assert [one.at_s for one in words] == pytest.approx([turn.end_s + 0.5 for turn in turns])
    assert all(turn.text.split()[0].encode() in one.payload for turn, one in zip(turns, words, strict=True))
    assert {one.topic for one in messages} == {WORDS_TOPIC, CAMERA_TOPIC}


def test_presets_take_them() -> None:
    """Each says something to the hub; the camera is wrong now and then."""
    camera = Reader(complete(Input(preset="deepface", topic=CAMERA_TOPIC)), LABELS, None)
    words = Reader(complete(Input(preset="rhasspy", where={"siteId": PLACE})), LABELS, Words())
    votes: Counter[str] = Counter()
    for one in scenario(load_turns()):
        said = (camera if one.topic == CAMERA_TOPIC else words).read(one.payload)
        if one.topic == CAMERA_TOPIC:
            assert isinstance(said, Said)
            votes[said.vote] += 1
    assert set(votes) == {*LABELS, ""}
