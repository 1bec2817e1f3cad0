"""A chat completion: messages and tools to the calls that the model wants.

    messages, tools ──POST <base_url>/chat/completions──► [(name, arguments), …]

The format is OpenAI's, which Ollama, llama.cpp and most clouds serve.  The model's text is dropped unread.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from edged.config.hub.structs import Agent
from edged.decoding import MALFORMED
from edged.errors import AgentError
from edged.hub.agent.http import Http, shown_url

_MAX_TOKENS = 512  # of an answer; a call takes a few dozen


class Call(NamedTuple):
    """A call as the model wrote it: untrusted."""

    name: object
    arguments: object


class _Function(msgspec.Struct):
    name: Any = None
    arguments: Any = None


class _ToolCall(msgspec.Struct):
    function: _Function | None = None


class _Message(msgspec.Struct):
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]


def ask(
    http: Http, agent: Agent, key: str | None, messages: Sequence[dict[str, str]], tools: Sequence[dict[str, Any]]
) -> list[Call]:
    """The calls in the model's answer, untrusted; empty if there is none.

    Raises:
        AgentError: no answer, or one that is no chat completion.
    """
    url = f"{agent.base_url.rstrip('/')}/chat/completions"
    body: dict[str, Any] = {"model": agent.model, "messages": messages, "temperature": 0, "max_tokens": _MAX_TOKENS}
    if tools:
        body |= {"tools": tools, "tool_choice": "auto"}
    answer = http.request("POST", url, body, key)
    try:
        completion = msgspec.json.decode(answer, type=_Completion)
        message = completion.choices[0].message
    except (*MALFORMED, IndexError) as exc:
        raise AgentError(f"{shown_url(url)}: not a chat completion, expected choices with a message") from exc
    calls = [one.function for one in message.tool_calls or [] if one.function]
    return [Call(one.name, one.arguments) for one in calls]
