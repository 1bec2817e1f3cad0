"""The topics: their names, QoS and retention, the only source of them.

    node "kitchen" ──► edged/kitchen/{availability, capture, emotion, event/start, event/end, health}

The node is one device; its name is one level of the topic, so that a subscriber to ``edged/+/event/#`` hears all nodes.
"""

import re
import socket
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic below ``<root>/<node>/``."""

    name: str
    qos: int
    retained: bool


AVAILABILITY = Topic("availability", 1, True)  # noqa: FBT003 -- reads as the table in the README
CAPTURE = Topic("capture", 1, True)  # noqa: FBT003
EMOTION = Topic("emotion", 1, True)  # noqa: FBT003
EVENT_START = Topic("event/start", 1, False)  # noqa: FBT003
EVENT_END = Topic("event/end", 1, False)  # noqa: FBT003
HEALTH = Topic("health", 1, True)  # noqa: FBT003
TOPICS = (AVAILABILITY, CAPTURE, EMOTION, EVENT_START, EVENT_END, HEALTH)

ONLINE, OFFLINE = "online", "offline"


def safe_node(name: str) -> str:
    """``name`` with all but ``[a-zA-Z0-9_-]`` made ``-``, since it becomes a level of a topic and an id elsewhere."""
    return re.sub(r"[^a-zA-Z0-9_-]+", "-", name).strip("-")[:64] or "edged"


def node_name(configured: str) -> str:
    """The node's name: as configured, or the host's made safe."""
    return configured or safe_node(socket.gethostname())


def full_name(root: str, node: str, topic: Topic) -> str:
    """The whole topic, as in ``edged/kitchen/event/start``."""
    return f"{root}/{node}/{topic.name}"
