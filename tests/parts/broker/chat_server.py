"""A scripted OpenAI-compatible server on loopback: it gives the answers of the test and keeps the questions."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ChatServer:
    """Answers each request with the next of ``answers``, the last one again and again."""

    def __init__(self, answers: list[Any], port: int) -> None:
        self.answers = answers
        self.port = port
        self.asked: list[tuple[str, dict[str, str], Any]] = []  # path, headers, body
        self.hold = threading.Event()  # set: answers come at once
        self.hold.set()

    @property
    def url(self) -> str:
        """What ``hub.agent.base_url`` is."""
        return f"http://127.0.0.1:{self.port}/v1"

    def next(self) -> Any:  # noqa: ANN401 -- any answer
        """The next answer."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def calling(name: object, arguments: object) -> dict[str, Any]:
    """A chat completion that calls a tool."""
    function = {"name": name, "arguments": arguments}
    call = {"id": "1", "type": "function", "function": function}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {"choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}]}


def saying(text: str) -> dict[str, Any]:
    """A chat completion without a call."""
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}


@contextmanager
def chat_server(*answers: object) -> Iterator[ChatServer]:
    """Runs it: a JSON value is sent as it is, bytes as the body, a number as the status of an empty answer.

    A function is called with the question and returns one of these.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = _json(self.rfile.read(int(self.headers.get("content-length", 0))))
            made.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
            made.hold.wait(60)
            answer = made.next()
            answer = answer(body) if callable(answer) else answer
            status = answer if isinstance(answer, int) else 200
            content = (
                answer if isinstance(answer, bytes) else b"" if isinstance(answer, int) else json.dumps(answer).encode()
            )
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_GET = do_POST  # noqa: N815 -- the names that http.server calls

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    made = ChatServer(list(answers), server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _json(body: bytes) -> Any:  # noqa: ANN401 -- any value
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()
