"""The agent: what it asks, what it does, and everything that it refuses to do."""

import json
from pathlib import Path

import msgspec
import pytest

from edged.config.hub.structs import Action, Agent
from edged.hub.agent.agent import agent_for
from tests.parts.broker.agents import SECRET, Sink, agent, decided, event
from tests.parts.broker.chat_server import calling, chat_server, saying


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
    assert headers["authorization"] == f"Bearer {SECRET}"
    system, user = (message["content"] for message in body["messages"])
    assert "no diagnosis" in system
    assert "uncertain" in system
    assert "Be quiet at night." in system
    assert "angry for 5 s, by voice alone" in user
    assert json.loads(user.splitlines()[1])["scores"] == {"angry": 0.8, "sad": 0.2}
    assert [tool["function"]["name"] for tool in body["tools"]] == ["dim_lights", "play_music"]
    assert body["tools"][0]["function"]["parameters"]["properties"] == {"level": {"enum": [20, 60]}}
    assert SECRET not in json.dumps(body)


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
