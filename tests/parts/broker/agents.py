"""An agent of a hub that asks a scripted server: its actions, the mood that it is asked about, and what it publishes.

MoodEvent ──► agent(server) ──► ChatServer ──its answer──► Sink.published
"""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from edged.config.hub.structs import Action, Agent
from edged.contract.mood import AgentDecision, MoodEvent, SourceShare
from edged.contract.topics import Topic
from edged.host.uuid7 import new_id
from edged.hub.agent.agent import MoodAgent
from tests.parts.broker.chat_server import ChatServer, chat_server

ACTIONS = {
    "dim_lights": Action(
        description="Dims the lights.", topic="home/lights/set", payload={"state": "ON"}, arguments={"level": [20, 60]}
    ),
    "play_music": Action(
        description="Plays calm music.", topic="home/music", word="calm", places=["kitchen"], retain=True
    ),
}
SECRET = "sk-very-secret"  # noqa: S105 -- of this test


class Sink:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.published: queue.Queue[tuple[Topic, Any]] = queue.Queue()

    def publish(self, topic: Topic, payload: msgspec.Struct | str) -> None:
        """See ``agent.Sink``."""
        self.published.put((topic, payload))

    def next(self) -> tuple[Topic, Any]:
        """The next, within two minutes."""
        return self.published.get(timeout=120)


def event(emotion: str = "angry", place: str = "kitchen", **more: object) -> MoodEvent:
    """A mood that changed."""
    fields: dict[str, Any] = {
        "id": new_id(),
        "event_type": emotion,
        "previous": "none",
        "time": "2026-01-02T03:04:05.000Z",
        "since": "2026-01-02T03:04:00.000Z",
        "place": place,
        "confidence": 0.8,
        "scores": {"angry": 0.8, "sad": 0.2},
        "sources": {"voice": SourceShare(label="angry", age_s=0, weight=1)},
        "sentence": "angry for 5 s, by voice alone",
    }
    return MoodEvent(**{**fields, **more})


@contextmanager
def agent(
    server: ChatServer, actions: dict[str, Action] | None = None, **settings: object
) -> Iterator[tuple[MoodAgent, Sink]]:
    """An open agent that asks ``server``."""
    sink = Sink()
    fields: dict[str, Any] = {"base_url": server.url, "model": "test", "cooldown_s": 0, **settings}
    made = MoodAgent(
        Agent(**fields), ACTIONS if actions is None else actions, key=SECRET, tokens={}, root="edged", sink=sink
    )
    with made:
        yield made, sink


def decided(
    answer: object, emotion: str = "angry", **settings: object
) -> tuple[AgentDecision, list[tuple[Topic, Any]]]:
    """The decision about one mood, and what else was published."""
    with chat_server(answer) as server, agent(server, None, **settings) as (made, sink):
        decision = made.decide(event(emotion))
        found = []
        while not sink.published.empty():
            found.append(sink.published.get())
    assert [payload for _, payload in found if isinstance(payload, AgentDecision)] == [decision]
    return decision, [one for one in found if not isinstance(one[1], AgentDecision)]
