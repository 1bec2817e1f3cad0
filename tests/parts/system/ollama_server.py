"""A scripted Ollama on loopback, for Home Assistant's own integration of it: it answers and keeps what it was asked.

Home Assistant ──ai_task──► its Ollama integration ──POST /api/chat──► OllamaServer: the next of its answers
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class OllamaServer:
    """``answers`` are the texts to answer with, the last one again and again; ``asked`` the bodies of the requests."""

    def __init__(self, port: int) -> None:
        self.answers: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self._port = port

    @property
    def config_entry(self) -> dict[str, Any]:
        """What Home Assistant stores of it: the server, and one AI task named Model."""
        task = {
            "data": {"model": "tiny:latest"},
            "subentry_id": "c" * 32,
            "subentry_type": "ai_task_data",
            "title": "Model",
            "unique_id": None,
        }
        return {
            "domain": "ollama",
            "title": "Ollama",
            "version": 3,
            "minor_version": 3,
            "data": {"url": f"http://127.0.0.1:{self._port}"},
            "subentries": [task],
        }

    def next(self) -> str:
        """The next answer."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def ollama_server() -> Iterator[OllamaServer]:
    """Runs it on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send({"models": []})  # of /api/tags, which is asked at the start

        def do_POST(self) -> None:
            made.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            message = {"role": "assistant", "content": made.next()}
            self._send({"model": "tiny", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": True})

        def _send(self, content: object) -> None:
            body = json.dumps(content).encode() + b"\n"
            self.send_response(200)
            self.send_header("content-type", "application/x-ndjson")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    made = OllamaServer(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
