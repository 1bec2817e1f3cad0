"""A stand-in for a language model: it answers each chat completion by a script, on a free loopback port.

    POST /v1/chat/completions ──► a call of the first tool, with the first allowed value of each of its arguments

For the demo, so that an agent acts without a model of gigabytes.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_MAX_BYTES = 2**20  # of a request
_CLOSE_S = 5.0


class ScriptedModel:
    """``with`` starts and stops it; ``base_url`` is what an agent's config has."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="edged-demo-model", daemon=True)

    @property
    def base_url(self) -> str:
        """The base URL, as of an OpenAI-compatible API."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        """Start it."""
        self._thread.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_CLOSE_S)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer with the first tool of the request."""
        try:
            length = min(int(self.headers.get("Content-Length", 0)), _MAX_BYTES)
            answer = json.dumps(completion(json.loads(self.rfile.read(length)))).encode()
            status = 200 if self.path.endswith("/chat/completions") else 404
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            answer, status = b'{"error": "expected a chat completion with tools"}', 400
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def completion(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request in OpenAI's form."""
    tool = request["tools"][0]["function"]
    properties = tool["parameters"].get("properties", {})
    arguments = {name: shape["enum"][0] for name, shape in properties.items() if shape.get("enum")}
    call = {"name": tool["name"], "arguments": json.dumps(arguments)}
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
    }
    return {
        "id": "scripted",
        "object": "chat.completion",
        "created": 0,
        "model": request.get("model", ""),
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }
