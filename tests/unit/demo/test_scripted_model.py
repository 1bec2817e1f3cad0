"""The demo's model: an OpenAI-compatible answer that calls the first tool, and 400 for anything else."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from edged.demo.scripted_model import ScriptedModel

_REQUEST = {
    "model": "scripted",
    "messages": [{"role": "user", "content": "angry"}],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "lamp",
                "parameters": {"type": "object", "properties": {"scene": {"enum": ["calm", "off"]}}},
            },
        }
    ],
}


def asked(url: str, request: object) -> Any:  # noqa: ANN401 -- JSON
    """The answer to a request."""
    content = json.dumps(request).encode()
    with urllib.request.urlopen(urllib.request.Request(url, content), timeout=60) as answer:  # noqa: S310 -- loopback
        return json.load(answer)


def test_first_tool_is_called() -> None:
    """With the first of the values that are allowed."""
    with ScriptedModel() as model:
        choice = asked(f"{model.base_url}/chat/completions", _REQUEST)["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    (call,) = choice["message"]["tool_calls"]
    assert (call["function"]["name"], json.loads(call["function"]["arguments"])) == ("lamp", {"scene": "calm"})


@pytest.mark.parametrize(
    ("path", "request_", "status"), [("chat/completions", {}, 400), ("chat/completions", [], 400), ("x", _REQUEST, 404)]
)
def test_anything_else_is_refused(path: str, request_: object, status: int) -> None:
    """With a status, and without a traceback."""
    with ScriptedModel() as model, pytest.raises(urllib.error.HTTPError) as caught:
        asked(f"{model.base_url}/{path}", request_)
    assert caught.value.code == status
    caught.value.close()
