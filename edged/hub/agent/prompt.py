"""A mood to the question for the model: what the sensor is, the mood in words and data, and the tools.

    MoodEvent, Agent, actions ──► messages, tools of an OpenAI-compatible chat completion

No text that others control gets in: labels, places and names follow the config's patterns, the sentence is the hub's
own, and a mood has no spoken words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from edged.config.hub.structs import Action
from edged.contract.mood import NONE, UNCERTAIN, MoodEvent

SENSOR = """\
You decide whether one of a few actions suits the mood of a room. The mood comes from a sensor that guesses emotions
from how voices sound, sometimes helped by words and faces. It was trained on actors. It is often wrong, about half of
the time with voices that it does not know. It is no diagnosis, and no decision about a person may rest on it.
"uncertain" means that speech was detected but no emotion stood out; treat it as that, and do not guess. "none" means
that no speech is detected.
Call at most one of the tools, and only if it does no harm when the sensor is wrong. Calling none is a good answer.
Nobody reads your text.
"""


def messages(event: MoodEvent, instructions: str) -> list[dict[str, str]]:
    """The system's and the user's message."""
    wanted = f"\nWhat the people of this home want:\n{instructions}\n" if instructions else ""
    data = {
        "place": event.place,
        "mood": event.event_type,
        "before": event.previous,
        "confidence": event.confidence,
        "scores": event.scores,
        "sources": event.sources,
        "agreement": event.agreement,
        "since": event.since,
    }
    said = f"{event.place}: {event.sentence}\n{msgspec.json.encode(data).decode()}"
    return [{"role": "system", "content": SENSOR + wanted}, {"role": "user", "content": said}]


def tools(actions: Mapping[str, Action]) -> list[dict[str, Any]]:
    """A function for each action; each argument is one of the config's values."""
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": action.description,
                "parameters": {
                    "type": "object",
                    "properties": {argument: {"enum": list(values)} for argument, values in action.arguments.items()},
                    "required": list(action.arguments),
                    "additionalProperties": False,
                },
            },
        }
        for name, action in actions.items()
    ]


def usable(actions: Mapping[str, Action], place: str) -> dict[str, Action]:
    """The actions that may be used in ``place``."""
    return {name: action for name, action in actions.items() if not action.places or place in action.places}


def is_asked_about(event: MoodEvent, places: Sequence[str], emotions: Sequence[str]) -> bool:
    """Whether the config wants the model to be asked about ``event``; empty lists are all places and all labels."""
    if event.replayed or (places and event.place not in places):
        return False
    return event.event_type in emotions if emotions else event.event_type not in {UNCERTAIN, NONE}
