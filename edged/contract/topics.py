"""Topics: names, QoS and retention, the only source of them.

    node "kitchen" ──► edged/kitchen/{availability, capture, emotion, event/start, …, cmd/mute, cmd/mute/result}

A node is one device. Its name is one level of the topic, so ``edged/+/event/#`` matches the events of all nodes.
A place is a room; ``edged hub`` publishes its mood, at ``edged/place/<place>/mood``.
"""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

# Of a state only the newest payload counts, and it is retained. Each event counts, and is stored until the broker has
# it. A moment counts now or never.
Kind = Literal["state", "event", "moment"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic below ``<root>/<node>/``, or one of others where the name begins with a slash."""

    name: str
    qos: int
    kind: Kind
    about: str  # for people, in docs/mqtt.md and in AsyncAPI

    @property
    def retained(self) -> bool:
        """Whether the broker keeps the newest payload for those who subscribe later."""
        return self.kind == "state"


AVAILABILITY = Topic("availability", 1, "state", "`online` or `offline`; `offline` is also the will")
CAPTURE = Topic(
    "capture",
    1,
    "state",
    "whether sound arrives: `online`, `offline` (no microphone, or it does not open), `stalled` (open, but no sample "
    "for 2 s) or `muted` (by command or config, or a constant value); valid while `availability` is `online`",
)
EMOTION = Topic(
    "emotion",
    1,
    "state",
    "the current state, whenever it changes: a label, `uncertain` (speech, but no label stands out) or `none` (no "
    "speech)",
)
EVENT_START = Topic("event/start", 1, "event", "an episode starts: an emotion that holds")
EVENT_END = Topic("event/end", 1, "event", "the episode ends, with the same `episode_id`")
EVENT_CALL = Topic("event/call", 1, "event", "with `calls.live`: a call ends, with its score and outcome")
CALL = Topic("call", 1, "state", "with `calls.live`: the running call, with its score so far")
SPEECH = Topic("speech", 1, "state", "`ON` or `OFF`: whether the newest window holds speech")
WINDOW = Topic("window", 0, "moment", "with `mqtt.window`: scores of each window, for your own smoothing")
LEVEL = Topic("level", 0, "moment", "loudness, every 5 s if it changed by 3 dB, and each minute")
HEALTH = Topic("health", 1, "state", "metrics of the device, each minute (`health_s`)")
INFO = Topic("info", 1, "state", "identity and settings of the device, at the start and when they change")
COMMAND = Topic("cmd/<name>", 1, "moment", "a command to the device")
RESULT = Topic("cmd/<name>/result", 1, "moment", "what a command did, or why not, and the settings in force")
TOPICS = (
    AVAILABILITY,
    CAPTURE,
    EMOTION,
    EVENT_START,
    EVENT_END,
    EVENT_CALL,
    CALL,
    SPEECH,
    WINDOW,
    LEVEL,
    HEALTH,
    INFO,
    RESULT,
)
# Of `edged hub`, below <root>/; a hub has an `availability` too, as a node has.
MOOD = Topic(
    "place/<place>/mood",
    1,
    "state",
    "the mood of a place, whenever it changes: a label, `uncertain` (no label stands out) or `none` (no source says "
    "anything)",
)
MOOD_EVENT = Topic("place/<place>/event/mood", 1, "event", "the mood changed, and holds")
AGENT = Topic("place/<place>/agent", 1, "event", "what the agent decided about a mood, and the outcome")
HUB = Topic("<hub>/hub", 1, "state", "metrics of the hub, each minute (`health_s`)")
HUB_TOPICS = (MOOD, MOOD_EVENT, AGENT, HUB)
CHECK = Topic("check", 1, "moment", "of `edged check` to itself")  # no device publishes it

ONLINE, OFFLINE = "online", "offline"
ON, OFF = "ON", "OFF"


def full_name(root: str, node: str, topic: Topic) -> str:
    """The whole topic, as in ``edged/kitchen/event/start``."""
    return f"{root}/{node}/{topic.name}"


def place_topic(place: str, topic: Topic, root: str) -> Topic:
    """``topic`` of one place, with its full name, as the publisher takes it: with a slash before it."""
    return replace(topic, name=f"/{root}/{topic.name.replace('<place>', place)}")


def command_of(name: str) -> Topic:
    """Where the command of that name is given."""
    return replace(COMMAND, name=COMMAND.name.replace("<name>", name))


def result_of(command: str) -> Topic:
    """Where the command of that name, one that is known, is answered."""
    return replace(RESULT, name=RESULT.name.replace("<name>", command))


class Received(NamedTuple):
    """A message from the broker."""

    topic: str
    payload: bytes
    retained: bool  # kept by the broker from before the subscription
