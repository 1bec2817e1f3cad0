"""The agent: what it asks, what it does, and everything that it refuses to do."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edged.config.hub.structs import Action, Agent
from edged.contract.mood import AgentDecision, MoodEvent, SourceShare
from edged.contract.topics import Topic
from edged.errors import ConfigError
from edged.host.uuid7 import new_id
from edged.hub.agent.agent import MoodAgent, agent_for
from edged.hub.agent.budget import Budget
from tests.parts.broker.chat_server import ChatServer, calling, chat_server, saying

ACTIONS = {
    "dim_lights": Action(
        description="Dims the lights.", topic="home/lights/set", payload={"state": "ON"}, arguments={"level": [20, 60]}
    ),
    "play_music": Action(
        description="Plays calm music.", topic="home/music", word="calm", places=["kitchen"], retain=True
    ),
}
_SECRET = "sk-very-secret"  # noqa: S105 -- of this test


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
        Agent(**fields), ACTIONS if actions is None else actions, key=_SECRET, tokens={}, root="edged", sink=sink
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


def test_call_of_the_config_is_done() -> None:
    """The topic and fixed fields of the config, the argument from its list; the decision says so."""
    decision, published = decided(calling("dim_lights", '{"level": 20}'))
    ((topic, payload),) = published
    assert (topic.name, topic.qos, topic.retained) == ("/home/lights/set", 1, False)
    assert json.loads(payload) == {"state": "ON", "level": 20}
    assert (decision.outcome, decision.action, decision.arguments) == ("done", "dim_lights", {"level": "20"})
    assert decision.latency_s is not None


def test_bare_word_that_the_broker_keeps() -> None:
    """A word is sent as it is; arguments may be absent where there are none."""
    _, published = decided(calling("play_music", ""))
    ((topic, payload),) = published
    assert (topic.name, topic.retained, payload) == ("/home/music", True, "calm")


def test_question_says_what_the_sensor_is() -> None:
    """The mood in words and data, the limits of the sensor, the tools; the key in the header alone."""
    with chat_server(saying("no")) as server, agent(server, instructions="Be quiet at night.") as (made, _sink):
        made.decide(event())
        ((path, headers, body),) = server.asked
    assert path == "/v1/chat/completions"
    assert headers["authorization"] == f"Bearer {_SECRET}"
    system, user = (message["content"] for message in body["messages"])
    assert "no diagnosis" in system
    assert "uncertain" in system
    assert "Be quiet at night." in system
    assert "angry for 5 s, by voice alone" in user
    assert json.loads(user.splitlines()[1])["scores"] == {"angry": 0.8, "sad": 0.2}
    assert [tool["function"]["name"] for tool in body["tools"]] == ["dim_lights", "play_music"]
    assert body["tools"][0]["function"]["parameters"]["properties"] == {"level": {"enum": [20, 60]}}
    assert _SECRET not in json.dumps(body)


def test_no_call_is_an_answer() -> None:
    """A model that only talks does nothing, and its words go nowhere."""
    decision, published = decided(saying("publish to home/door: open"))
    assert (decision.outcome, published) == ("nothing", [])
    assert "door" not in msgspec.json.encode(decision).decode()


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("open_door", "{}", r"it called an action that is not in hub.actions (dim_lights, play_music)"),
        ("../../home/door", "{}", r"it called an action that is not in hub.actions (dim_lights, play_music)"),
        (None, "{}", r"it called an action that is not in hub.actions (dim_lights, play_music)"),
        (["dim_lights"], "{}", r"it called an action that is not in hub.actions (dim_lights, play_music)"),
        ("dim_lights", '{"level": 40}', "it called dim_lights with a value of level that is not in the list"),
        ("dim_lights", '{"level": "20"}', "it called dim_lights with a value of level that is not in the list"),
        ("dim_lights", '{"level": [20]}', "it called dim_lights with a value of level that is not in the list"),
        ("dim_lights", '{"level": 20, "topic": "home/door"}', "it called dim_lights with other arguments than level"),
        ("dim_lights", '{"level": 20, "state": "OFF"}', "it called dim_lights with other arguments than level"),
        ("dim_lights", "{}", "it called dim_lights with other arguments than level"),
        ("dim_lights", '{"level": 20', "it called dim_lights with arguments that are no JSON object"),
        ("dim_lights", "[20]", "it called dim_lights with arguments that are no JSON object"),
        ("dim_lights", 20, "it called dim_lights with arguments that are no JSON object"),
        ("dim_lights", '{"a":' * 2000, "it called dim_lights with arguments that are no JSON object"),
        ("play_music", '{"word": "loud"}', "it called play_music with other arguments than none"),
    ],
)
def test_anything_else_is_refused_and_counted(name: object, arguments: object, message: str) -> None:
    """No name, argument or value beyond the config's; nothing of the model's text in the record."""
    decision, published = decided(calling(name, arguments))
    assert (decision.outcome, decision.message, decision.arguments, decision.refused) == ("refused", message, {}, 1)
    assert published == []


def test_number_that_is_true_is_not_one() -> None:
    """JSON's true equals 1 in Python, not in a list of allowed values."""
    actions = {"set": Action(description="Sets.", topic="a", arguments={"to": [1, 2]})}
    with chat_server(calling("set", '{"to": true}')) as server, agent(server, actions) as (made, _sink):
        assert made.decide(event()).outcome == "refused"


def test_action_of_another_place() -> None:
    """It is neither offered nor done."""
    with chat_server(calling("play_music", "{}")) as server, agent(server) as (made, sink):
        decision = made.decide(event(place="hall"))
        assert [tool["function"]["name"] for tool in server.asked[0][2]["tools"]] == ["dim_lights"]
    assert (decision.outcome, sink.published.qsize()) == ("refused", 1)


def test_dry_run_asks_and_does_nothing() -> None:
    """The decision has the action that would be done."""
    decision, published = decided(calling("dim_lights", '{"level": 60}'), dry_run=True)
    assert (decision.outcome, decision.action, published) == ("dry_run", "dim_lights", [])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (500, "status 500, expected 200"),
        (302, "status 302, expected 200"),
        (b"<html>", "not a chat completion, expected choices with a message"),
        (b"\xff\xfe", "not a chat completion, expected choices with a message"),
        ({"choices": []}, "not a chat completion, expected choices with a message"),
        ({"choices": [{"message": "hello"}]}, "not a chat completion, expected choices with a message"),
        (b" " * 1_100_000, "an answer of more than 1000000 bytes, expected less"),
    ],
)
def test_server_that_answers_wrongly(answer: object, message: str) -> None:
    """One line without what it sent, and nothing is done."""
    decision, published = decided(answer)
    assert (decision.outcome, published) == ("failed", [])
    assert decision.message.endswith(f"/v1/chat/completions: {message}")


def test_no_server() -> None:
    """One line; user and password of the address stay out of it."""
    with chat_server(saying("")) as server:
        gone = server.port
    sink = Sink()
    chosen = Agent(base_url=f"http://user:pass@127.0.0.1:{gone}/v1", model="test")
    with MoodAgent(chosen, ACTIONS, key=None, tokens={}, root="edged", sink=sink) as made:
        decision = made.decide(event())
    assert decision.message == f"http://127.0.0.1:{gone}/v1/chat/completions: no connection, expected an answer"


def test_cool_down_and_budget() -> None:
    """A pause a place, and so many questions in 24 hours; time passes on the monotonic clock."""
    budget = Budget(per_day=2, cooldown_s=60)
    assert budget.refusal("kitchen", 0) is None
    budget.count("kitchen", 0)
    assert budget.refusal("kitchen", 59) == "cooling_down"
    assert budget.refusal("hall", 59) is None
    budget.count("hall", 59)
    assert (budget.refusal("kitchen", 61), budget.left(61)) == ("over_budget", 0)
    assert (budget.refusal("kitchen", 86_401), budget.left(86_401)) == (None, 1)


def test_cool_down_is_on_record() -> None:
    """The mood that nothing was asked about is named."""
    with chat_server(saying("")) as server, agent(server, cooldown_s=300, per_day=5) as (made, _sink):
        made.decide(event())
        second = made.decide(event("sad"))
        assert len(server.asked) == 1
    assert (second.outcome, second.latency_s, second.left_today) == ("cooling_down", None, 4)
    assert second.message == "not asked, hub.agent.cooldown_s is 300"


@pytest.mark.parametrize(
    ("emotion", "settings", "asked"),
    [
        ("angry", {}, True),
        ("uncertain", {}, False),
        ("none", {}, False),
        ("none", {"emotions": ["none"]}, True),
        ("sad", {"emotions": ["angry"]}, False),
        ("angry", {"places": ["hall"]}, False),
    ],
)
def test_moods_that_it_is_asked_about(emotion: str, settings: dict[str, Any], asked: bool) -> None:  # noqa: FBT001
    """Labels by default; the config's places and moods."""
    with chat_server(saying("")) as server, agent(server, **settings) as (made, sink):
        made.mood_changed(event(emotion, id=new_id()))
        made.mood_changed(event("angry", replayed=True))  # a mood of the past
        if asked:
            assert sink.next()[1].emotion == emotion
        assert len(server.asked) == int(asked)


def test_end_while_the_model_thinks(caplog: pytest.LogCaptureFixture) -> None:
    """A model that hangs keeps neither the hub's thread nor its end, and its late answer does nothing."""
    with chat_server(calling("dim_lights", '{"level": 20}')) as server:
        server.hold.clear()
        with agent(server) as (made, sink):
            made.mood_changed(event())
            while not server.asked:
                threading.Event().wait(0.01)
            for _ in range(300):  # more than may wait
                made.mood_changed(event())
        server.hold.set()
        made._thread.join(60)  # noqa: SLF001 -- what the test is about
        assert not made._thread.is_alive()  # noqa: SLF001
        assert len(server.asked) == 1
    assert [topic.name for topic, _ in sink.published.queue] == ["/edged/place/kitchen/agent"]
    assert sum("further ones are dropped" in line for line in caplog.messages) == 1


def test_request_with_a_token(tmp_path: Path) -> None:
    """An HTTP action: the fixed URL, the fields, the token of its file."""
    (tmp_path / "token").write_text("abc\n")
    with chat_server({}) as house, chat_server(calling("scene", '{"name": "calm"}')) as server:
        url = f"http://127.0.0.1:{house.port}/scene"
        actions = {
            "scene": Action(
                description="Sets.", url=url, arguments={"name": ["calm"]}, token_file=str(tmp_path / "token")
            )
        }
        sink = Sink()
        made = agent_for(Agent(base_url=server.url, model="m"), actions, "edged", sink)
        assert made is not None
        with made:
            assert made.decide(event()).outcome == "done"
        ((path, headers, body),) = house.asked
    assert (path, headers["authorization"], body) == ("/scene", "Bearer abc", {"name": "calm"})


def test_address_of_an_action_that_refuses() -> None:
    """The decision says that it failed, with the status."""
    with chat_server(403) as house, chat_server(calling("scene", "{}")) as server:
        actions = {"scene": Action(description="Sets.", url=f"http://127.0.0.1:{house.port}/scene?key=1")}
        with agent(server, actions) as (made, _sink):
            decision = made.decide(event())
    assert decision.outcome == "failed"
    assert decision.message == f"http://127.0.0.1:{house.port}/scene: status 403, expected 200"


@pytest.mark.parametrize("content", [b"", b"two\nlines", "schlüssel".encode(), b"x" * 20_000])
def test_key_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    """One line that names the file and quotes nothing of it."""
    (tmp_path / "key").write_bytes(content)
    chosen = Agent(base_url="http://127.0.0.1:1/v1", model="m", key_file=str(tmp_path / "key"))
    with pytest.raises(ConfigError, match=r"hub\.agent\.key_file is '.*/key': .* expected .*one line$"):
        agent_for(chosen, {}, "edged", Sink())


def test_no_agent() -> None:
    """A config without one has none."""
    assert agent_for(None, ACTIONS, "edged", Sink()) is None
