"""The agent with a real OpenAI-compatible llama server: the protocol is understood on both sides."""

import time
from pathlib import Path

from edged.config.hub.structs import Agent
from edged.contract.mood import AgentDecision
from edged.hub.agent.agent import agent_for
from tests.parts.broker.agents import ACTIONS, Sink, event
from tests.parts.broker.tiny_llama import llama_server


def test_random_model_is_asked_and_does_nothing(tmp_path: Path) -> None:
    """It answers with nonsense and calls no action: a decision says so, nothing is published beside it."""
    with llama_server(tmp_path) as url:
        sink = Sink()
        made = agent_for(Agent(base_url=url, model="tiny", timeout_s=120), ACTIONS, "edged", sink)
        assert made is not None
        with made:
            began_s = time.monotonic()
            made.mood_changed(event())
            topic, decision = sink.next()
    assert topic.name == "/edged/place/kitchen/agent"
    assert isinstance(decision, AgentDecision)
    assert (decision.outcome, decision.message) == ("nothing", "it called no action")
    assert decision.latency_s is not None
    assert 0 < decision.latency_s <= time.monotonic() - began_s
    assert sink.published.empty()
