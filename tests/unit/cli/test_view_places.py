"""The lines for people about a place: its mood, a new one, and what the agent did."""

import msgspec

from edged.cli.view import Screen, View
from edged.contract.mood import AgentDecision, Mood, MoodEvent
from edged.contract.payloads import encoded
from edged.contract.topics import Received
from tests.parts.broker.payloads import EVENT_ID, TIME


def test_mood_of_a_place() -> None:
    """A place stands where a node does; its mood has the sentence, its agent the action."""
    view = View("edged", show_node=True)
    mood = Mood(
        time=TIME,
        hub="hub-1",
        place="kitchen",
        emotion="angry",
        confidence=0.84,
        since=TIME,
        method="pool",
        sentence="angry for 3 s, voice and words agree",
    )
    line = view.line(Received("edged/place/kitchen/mood", encoded(mood), retained=False))
    assert "kitchen" in line
    assert line.endswith("0.84  voice and words agree")
    said = "angry for 3 s, voice and words agree, face says surprise, and nothing else is seen"
    message = Received(
        "edged/place/kitchen/mood", encoded(msgspec.structs.replace(mood, sentence=said)), retained=False
    )
    assert view.line(message).endswith("0.84  voice and words agree, face says surprise, and nothing else is seen")
    first, *further = View("edged", Screen(is_terminal=True), show_node=True).line(message).splitlines()
    assert first.endswith("0.84")
    assert further == [f"{'':23}voice and words agree, face says surprise, and nothing", f"{'':23}else is seen"]
    event = MoodEvent(
        id=EVENT_ID, event_type="sad", previous="angry", time=TIME, place="kitchen", since=TIME, sentence="sad"
    )
    line = view.line(Received("edged/place/kitchen/event/mood", encoded(event), retained=False))
    assert line.endswith("a new mood, after angry")
    decision = AgentDecision(
        id=EVENT_ID,
        mood_id=EVENT_ID,
        time=TIME,
        place="kitchen",
        emotion="angry",
        outcome="dry_run",
        action="lamp",
        arguments={"scene": "calm"},
        message="not done",
        left_today=3,
    )
    line = view.line(Received("edged/place/kitchen/agent", encoded(decision), retained=False))
    assert line.endswith("agent: lamp(scene=calm) dry run: not done")
