"""The topics: their names, QoS and retention, the only source of them.

    node "kitchen" ──► edged/kitchen/{availability, capture, emotion, event/start, …, cmd/mute, cmd/mute/result}

The node is one device; its name is one level of the topic, so that a subscriber to ``edged/+/event/#`` hears all nodes.
"""

from dataclasses import dataclass, replace
from typing import Literal

# A state is retained and only its newest payload counts; each event counts and is kept until the broker has it; a
# moment counts now or not at all.
Kind = Literal["state", "event", "moment"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic below ``<root>/<node>/``, or one of others where the name begins with a slash."""

    name: str
    qos: int
    kind: Kind

    @property
    def retained(self) -> bool:
        """Whether the broker keeps the newest payload for those who subscribe later."""
        return self.kind == "state"


AVAILABILITY = Topic("availability", 1, "state")
CAPTURE = Topic("capture", 1, "state")
EMOTION = Topic("emotion", 1, "state")
EVENT_START = Topic("event/start", 1, "event")
EVENT_END = Topic("event/end", 1, "event")
SPEECH = Topic("speech", 1, "state")
WINDOW = Topic("window", 0, "moment")
LEVEL = Topic("level", 0, "moment")
HEALTH = Topic("health", 1, "state")
INFO = Topic("info", 1, "state")
COMMAND = Topic("cmd/<name>", 1, "moment")  # to the device, which publishes none
RESULT = Topic("cmd/<name>/result", 1, "moment")
TOPICS = (AVAILABILITY, CAPTURE, EMOTION, EVENT_START, EVENT_END, SPEECH, WINDOW, LEVEL, HEALTH, INFO, RESULT)

ONLINE, OFFLINE = "online", "offline"
ON, OFF = "ON", "OFF"


def full_name(root: str, node: str, topic: Topic) -> str:
    """The whole topic, as in ``edged/kitchen/event/start``."""
    return f"{root}/{node}/{topic.name}"


def result_of(command: str) -> Topic:
    """Where the command of that name, one that is known, is answered."""
    return replace(RESULT, name=RESULT.name.replace("<name>", command))
