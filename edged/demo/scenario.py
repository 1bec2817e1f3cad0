"""What a camera and a voice assistant would publish during the sample conversation: the demo's other two senses.

    Turn(meant, text) ──► Scripted(at_s, topic, payload): a label each second, a transcript at the end of each turn

The camera is simulated: it gets the emotion that is meant, and is as unsure as a real one.  It takes the first second
of a turn for neutral, and fear for surprise every other time.  The words are those of the turn.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from edged.demo.sample import Turn

PLACE = "living_room"
CAMERA_TOPIC = f"moodcam/{PLACE}/emotion"
WORDS_TOPIC = "hermes/asr/textCaptured"
_CAMERA_S = 1.0  # between two labels
_TRANSCRIBED_S = 0.5  # after the end of a turn
_SURE = 70.0  # percent, of the camera's label
_THEIRS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


class Scripted(NamedTuple):
    """One message of the scenario."""

    at_s: float  # from the start of the sample
    topic: str
    payload: bytes
    shown: str  # for people


def scenario(turns: Sequence[Turn]) -> list[Scripted]:
    """All messages, in order of time."""
    messages = []
    for turn in turns:
        messages += _camera(turn)
        transcript = msgspec.json.encode({"text": turn.text, "siteId": PLACE, "likelihood": 1.0})
        messages.append(Scripted(turn.end_s + _TRANSCRIBED_S, WORDS_TOPIC, transcript, "words arrive"))
    return sorted(messages)


def _camera(turn: Turn) -> list[Scripted]:
    messages = []
    for number in range(int((turn.end_s - turn.start_s) / _CAMERA_S)):
        label = "neutral" if number == 0 else "surprise" if turn.meant == "fear" and number % 2 else turn.meant
        left = (100 - _SURE) / (len(_THEIRS) - 1)
        scores = {one: _SURE if one == label else left for one in _THEIRS}
        payload = msgspec.json.encode({"dominant_emotion": label, "emotion": scores})
        messages.append(Scripted(turn.start_s + number * _CAMERA_S, CAMERA_TOPIC, payload, f"camera: {label}"))
    return messages
