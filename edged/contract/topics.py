"""The topics: their names, QoS and retention, the only source of them.

    node "kitchen" ──► edged/kitchen/{availability, capture, emotion, event/start, …, cmd/mute, cmd/mute/result}

The node is one device; its name is one level of the topic, so that a subscriber to ``edged/+/event/#`` hears all nodes.
"""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

# A state is retained and only its newest payload counts; each event counts and is kept until the broker has it; a
# moment counts now or not at all.
Kind = Literal["state", "event", "moment"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic below ``<root>/<node>/``, or one of others where the name begins with a slash."""

    name: str
    qos: int
    kind: Kind
    about: str  # for people, in the README and in AsyncAPI

    @property
    def retained(self) -> bool:
        """Whether the broker keeps the newest payload for those who subscribe later."""
        return self.kind == "state"


AVAILABILITY = Topic("availability", 1, "state", "`online`, or `offline` (also the will, when the device vanishes)")
CAPTURE = Topic(
    "capture",
    1,
    "state",
    "whether sound comes: `online`, `offline` (no microphone, or none that opens), `stalled` (open, but "
    "no sample for 2 s) or `muted` (by command or config, or nothing but one value); it counts while `availability` "
    "is `online`",
)
EMOTION = Topic(
    "emotion",
    1,
    "state",
    "how it is now, whenever it changes: a label, `uncertain` (speech that fits none) or `none` (no speech)",
)
EVENT_START = Topic("event/start", 1, "event", "an episode begins: an emotion that holds")
EVENT_END = Topic("event/end", 1, "event", "it ends, with the same `episode_id`")
SPEECH = Topic("speech", 1, "state", "`ON` or `OFF`: whether the newest window holds speech")
WINDOW = Topic("window", 0, "moment", "with `mqtt.window`, each window's scores, for those who do their own smoothing")
LEVEL = Topic("level", 0, "moment", "each 5 s, if it moved by 3 dB, and each minute: how loud it is")
HEALTH = Topic("health", 1, "state", "each minute (`health_s`): the device's figures about itself")
INFO = Topic("info", 1, "state", "what the device is and how it is set, at the start and when that changes")
COMMAND = Topic("cmd/<name>", 1, "moment", "a command to the device")
RESULT = Topic("cmd/<name>/result", 1, "moment", "what a command did, or why not, and what is in force now")
TOPICS = (AVAILABILITY, CAPTURE, EMOTION, EVENT_START, EVENT_END, SPEECH, WINDOW, LEVEL, HEALTH, INFO, RESULT)
CHECK = Topic("check", 1, "moment", "of `edged check` to itself")  # no device publishes it

ONLINE, OFFLINE = "online", "offline"
ON, OFF = "ON", "OFF"


def full_name(root: str, node: str, topic: Topic) -> str:
    """The whole topic, as in ``edged/kitchen/event/start``."""
    return f"{root}/{node}/{topic.name}"


def result_of(command: str) -> Topic:
    """Where the command of that name, one that is known, is answered."""
    return replace(RESULT, name=RESULT.name.replace("<name>", command))


class Received(NamedTuple):
    """A message from the broker."""

    topic: str
    payload: bytes
    retained: bool  # kept by the broker from before the subscription
