"""What keeps an agent from asking or from acting: moods, budget, a server that fails, a missing key, its end."""

import threading
from pathlib import Path
from typing import Any

import pytest

from edged.config.hub.structs import Agent
from edged.errors import ConfigError
from edged.host.uuid7 import new_id
from edged.hub.agent.agent import MoodAgent, agent_for
from edged.hub.agent.budget import Budget
from tests.parts.broker.agents import ACTIONS, Sink, agent, decided, event
from tests.parts.broker.chat_server import calling, chat_server, saying


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
