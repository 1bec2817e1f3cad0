"""``edged mcp`` with the SDK's own client: tools and resources over stdio and HTTP, and who is refused."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextResourceContents

from edged.contract.mood import Mood, SourceShare
from edged.contract.payloads import encoded
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.raw_subscriber import raw_subscriber
from tests.parts.system.program import REPOSITORY, assert_one_line, edged

__all__ = ["idle_mosquitto", "mosquitto"]

_TIME = "2026-01-02T03:04:05.000Z"
_MOOD = Mood(
    hub="hub-lab",
    time=_TIME,
    place="kitchen",
    emotion="angry",
    confidence=0.8,
    sources={"voice": SourceShare(label="angry", age_s=0, weight=1)},
    since=_TIME,
    method="pool",
    sentence="angry for 40 s, by voice alone",
)
_TOKEN = "a-token-of-this-test"  # noqa: S105
_WITHIN_S = 60


@pytest.fixture
def config(mosquitto: Mosquitto, tmp_path: Path) -> Path:
    """A broker that retains the mood of a kitchen, and the config that names it."""
    with raw_subscriber(mosquitto.port, "edged/place/#") as (client, messages):
        client.publish("edged/hub-lab/availability", b"online", qos=1, retain=True)
        client.publish("edged/place/kitchen/mood", encoded(_MOOD), qos=1, retain=True)
        wait_until(lambda: bool(messages), "retained")
    file = tmp_path / "config.yaml"
    file.write_text(f"mqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\nstate_dir: {tmp_path}\n")
    return file


@contextmanager
def serving(config: Path, tmp_path: Path, *more: str) -> Iterator[str]:
    """``edged mcp --http`` on a free port; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "edged",
        "mcp",
        "--config",
        str(config),
        "--http",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen([*command, *more], cwd=REPOSITORY, stderr=log) as server,
    ):
        try:
            wait_until(lambda: _answers(port) or server.poll() is not None, "serving", _WITHIN_S)
            assert server.poll() is None, (tmp_path / "log").read_text()
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            server.terminate()
            server.wait(60)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _until(client: Client, *, online: bool | None) -> None:
    """Ask until the hub of the kitchen is said to be so: what the broker retains is on its way."""
    while True:
        places = (await client.call_tool("list_places", {})).structured_content["places"]
        if places and places[0]["hub_online"] is online:
            return
        await asyncio.sleep(0.05)


async def _looked_at(target: Any) -> dict[str, Any]:  # noqa: ANN401 -- whatever the client takes
    async with Client(target) as client:
        tools = (await client.list_tools()).tools
        found: dict[str, Any] = {"tools": {tool.name: tool.annotations for tool in tools}}
        await _until(client, online=True)
        for name, arguments in (
            ("list_places", {}),
            ("current_mood", {"place": "kitchen"}),
            ("mood_history", {"place": "kitchen", "hours": 24}),
            ("explain", {"place": "kitchen"}),
        ):
            found[name] = (await client.call_tool(name, arguments)).structured_content
        wrong = await client.call_tool("current_mood", {"place": "../cellar"})
        found["wrong"] = (wrong.is_error, str(wrong.content[0]))
        too_long = await client.call_tool("mood_history", {"place": "kitchen", "hours": 25})
        found["too_long"] = (too_long.is_error, str(too_long.content[0]))
        resource = await client.read_resource("mood://places/kitchen")
        (content,) = resource.contents
        assert isinstance(content, TextResourceContents)
        found["resource"] = json.loads(content.text)
    return found


def looked_at(target: Any) -> dict[str, Any]:  # noqa: ANN401 -- as above
    """What a client sees of the server."""
    return asyncio.run(asyncio.wait_for(_looked_at(target), _WITHIN_S))


def check(found: dict[str, Any]) -> None:
    """The mood, and that nothing but reading is offered."""
    assert set(found["tools"]) == {"list_places", "current_mood", "mood_history", "explain"}
    assert all(annotations.read_only_hint for annotations in found["tools"].values())
    sentence = "angry for 40 s, by voice alone"
    assert found["list_places"] == {"places": [{"place": "kitchen", "mood": sentence, "hub_online": True}]}
    assert (found["current_mood"]["sentence"], found["current_mood"]["hub_online"]) == (sentence, True)
    assert (found["current_mood"]["emotion"], found["current_mood"]["confidence"]) == ("angry", 0.8)
    assert found["mood_history"]["changes"] == []
    assert found["mood_history"]["now"] == {"mood": "angry", "since": _TIME, "sentence": sentence}
    assert found["explain"]["senses"]["voice"]["label"] == "angry"
    shares = [one["right_when_it_says_this"] for one in found["explain"]["how_often_right"]]
    assert shares
    assert all(0 < share < 1 for share in shares if share is not None)
    assert found["wrong"][0]
    assert "expected one of: kitchen" in found["wrong"][1]
    assert found["too_long"][0]
    assert "hours is 25, expected more than 0 and at most 24" in found["too_long"][1]
    assert found["resource"]["emotion"] == "angry"


def test_stdio(config: Path) -> None:
    """As a client starts it: nothing but the protocol on stdout."""
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "edged", "mcp", "--config", str(config)], cwd=str(REPOSITORY)
    )
    check(looked_at(command))


def test_offline_hub_is_said(config: Path, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A mood that was retained before its hub died is no mood of now, in any answer; the broker's end is unknown."""

    async def seen(url: str) -> None:
        async with Client(url) as client:
            await _until(client, online=True)
            with raw_subscriber(mosquitto.port, "edged/#") as (hub, _):
                hub.publish("edged/hub-lab/availability", b"offline", qos=1, retain=True)
                await _until(client, online=False)
            for tool in ("current_mood", "explain"):
                said = (await client.call_tool(tool, {"place": "kitchen"})).structured_content
                assert said["hub_online"] is False
                assert said["sentence"].startswith("unknown, as its hub is offline; the last was: angry for 40 s")
            mosquitto.kill()
            await _until(client, online=None)

    with serving(config, tmp_path) as url:
        asyncio.run(asyncio.wait_for(seen(url), _WITHIN_S))


def test_http(config: Path, tmp_path: Path) -> None:
    """Streamable HTTP on loopback; a foreign Host gets 421, a foreign Origin 403."""
    with serving(config, tmp_path) as url:
        check(looked_at(url))
        for header, value, status in (("host", "evil.example", 421), ("origin", "http://evil.example", 403)):
            answer = httpx2.post(url, json={}, headers={header: value, "accept": "application/json, text/event-stream"})
            assert answer.status_code == status


def test_http_with_a_token(config: Path, tmp_path: Path) -> None:
    """The token is needed, the right one."""
    (tmp_path / "token").write_text(f"{_TOKEN}\n")

    async def with_token(url: str) -> dict[str, Any]:
        async with httpx2.AsyncClient(headers={"authorization": f"Bearer {_TOKEN}"}) as http:
            return await _looked_at(streamable_http_client(url, http_client=http))

    with serving(config, tmp_path, "--token-file", str(tmp_path / "token")) as url:
        for headers in ({}, {"authorization": "Bearer wrong"}):
            assert httpx2.post(url, json={}, headers=headers).status_code == 401
        check(asyncio.run(asyncio.wait_for(with_token(url), _WITHIN_S)))


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.5", "hub.local", "::"])  # noqa: S104
def test_no_open_address_without_a_token(address: str) -> None:
    """One line, status 64, before anything is opened."""
    done = edged("mcp", "--http", address)
    assert_one_line(done, 64, f"--http {address}: others can reach this address, expected --token-file")


def test_options_of_http_alone() -> None:
    """A port without --http is a mistake."""
    assert_one_line(edged("mcp", "--port", "9000"), 64, "--port and --token-file: expected beside --http")


def test_port_taken() -> None:
    """One line, status 64, before a broker is asked for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = edged("mcp", "--http", "127.0.0.1", "--port", port)
    assert_one_line(done, 64, f"--http 127.0.0.1, --port {port}: Address already in use, expected a free port")
