"""``edged hub`` as a process: its endings and statuses, what it leaves on the disk, and ``edged check --hub``."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from edged.contract.mood import Mood
from edged.mqtt.connection import Connection
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import (
    WITHIN_S,
    Mosquitto,
    free_port,
    idle_mosquitto,
    mosquitto,
    wait_until,
)
from tests.parts.system.program import REPOSITORY, assert_one_line, edged

__all__ = ["idle_mosquitto", "mosquitto"]

_SECTION = """
log_level: debug
hub:
  name: hub-1
  places:
    kitchen:
      hold_s: 0
      enter: 0.3
      inputs:
        - {preset: rhasspy}
        - {kind: text, topic: stt, name: other, reliability: 1}
        - {kind: label, topic: cam/kitchen, label: l, reliability: 0.9}
"""


@contextmanager
def running(folder: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """``edged hub`` on a broker at ``port``, with its log; all that it may write to is below ``folder``."""
    config, log = folder / "hub.yaml", folder / "log"
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {port}}}{_SECTION}")
    with log.open("wb") as file:
        hub = subprocess.Popen(
            [sys.executable, "-B", "-m", "edged", "hub", "--config", config],
            cwd=folder,
            env={
                **os.environ,
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "PYTHONPATH": str(REPOSITORY),
            },
            stderr=file,
            stdout=file,
        )
    try:
        yield hub, log
    finally:
        hub.kill()
        hub.wait(WITHIN_S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_hub_ends_with_offline(mosquitto: Mosquitto, tmp_path: Path, number: signal.Signals) -> None:
    """Status 0; the log has its start and its end."""
    with running(tmp_path, mosquitto.port) as (hub, log):
        wait_until(lambda: "connected" in log.read_text(), "the connection")
        hub.send_signal(number)
        assert hub.wait(WITHIN_S) == 0
    lines = [re.sub(r"^[0-9-]+ [0-9:,]+ ", "", line) for line in log.read_text().splitlines()]
    assert re.match(r"INFO    edged \S+ starts as hub hub-1: config .*hub.yaml, part 1/1, places kitchen", lines[0])
    assert f"INFO    {number.name} received, shutting down" in lines
    assert mosquitto.retained()["edged/hub-1/availability"] == b"offline"


def test_killed_hub_is_offline_by_its_will(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """And its moods are not valid."""
    with running(tmp_path, mosquitto.port) as (hub, _log):
        wait_until(lambda: mosquitto.retained().get("edged/hub-1/availability") == b"online", "online")
        hub.kill()
        wait_until(lambda: mosquitto.retained()["edged/hub-1/availability"] == b"offline", "the will")


def test_hub_without_a_broker_waits_and_ends(tmp_path: Path) -> None:
    """An absent broker is a state; SIGTERM ends it within five seconds all the same."""
    with running(tmp_path, free_port()) as (hub, log):
        wait_until(lambda: "out of reach" in log.read_text(), "its state")
        began_s = time.monotonic()
        hub.send_signal(signal.SIGTERM)
        assert hub.wait(WITHIN_S) == 0
        assert time.monotonic() - began_s < WITHIN_S


def test_second_hub_of_the_same_name_is_refused(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Status 69, one line; the first stays."""
    with running(tmp_path, mosquitto.port) as (hub, log):
        wait_until(lambda: "connected" in log.read_text(), "the connection")
        assert_one_line(edged("hub", "--config", tmp_path / "hub.yaml"), 69, "node hub-1", str(hub.pid))
        assert hub.poll() is None


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        ("node: a", [], "hub.places is empty, expected at least one place"),
        ("hub: {places: {a: {voice: [b]}}}", ["--part", "x"], "--part is 'x', expected a number and a count"),
        ("hub: {places: {a: {voice: [b]}}}", ["--part", "3/2"], "hub.part is 3/2, expected a number of at most 2"),
        ("hub: {places: {a: {windows: 5}}}", [], "hub.places.a.windows is not a key"),
    ],
)
def test_wrong_config_ends_with_78(tmp_path: Path, content: str, arguments: list[str], words: str) -> None:
    """One line that names the key."""
    config = tmp_path / "hub.yaml"
    config.write_text(content)
    assert_one_line(edged("hub", "--config", config, *arguments), 78, words)


def test_canary_is_in_no_file_no_line_and_no_message(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A word sent through every input of a real process, whose files are all below one folder: none has it."""
    canary = "Zanzibarkanarie"
    with (
        Subscriber(mosquitto.mqtt, limit=10_000) as subscriber,
        Connection(mosquitto.mqtt, "edged-test") as sender,
        running(tmp_path, mosquitto.port) as (hub, log),
    ):
        assert subscriber.wait_connected(WITHIN_S)
        assert sender.wait_connected(WITHIN_S)
        wait_until(lambda: "connected" in log.read_text(), "the connection")
        for topic, payload in (
            ("hermes/asr/textCaptured", f'{{"text": "I am so angry, I hate this {canary}", "siteId": "{canary}"}}'),
            ("hermes/asr/textCaptured", f'{{"text": "{canary}'),
            ("stt", f"{canary}! I am so happy and full of joy"),
            ("stt", canary),
            ("cam/kitchen", f'{{"l": "happy {canary}", "{canary}": 1}}'),
            ("cam/kitchen", f'{{"l": "happy", "caption": "{canary}"}}'),
        ):
            assert sender.send(topic, payload.encode(), 1, retained=False) is not None
        received: list[bytes] = []
        sources: set[str] = set()

        def fused() -> bool:
            message = subscriber.received(0.05)
            if message is not None:
                received.append(message.payload)
                if message.topic == "edged/place/kitchen/mood":
                    sources.update(msgspec.json.decode(message.payload, type=Mood).sources)
            return sources >= {"text", "other", "face"}

        wait_until(fused, "a mood of all inputs")
        hub.send_signal(signal.SIGTERM)
        assert hub.wait(WITHIN_S) == 0
    files = [file for file in tmp_path.rglob("*") if file.is_file() and file.stat().st_size < 10**7]
    assert {"hub.yaml", "log"} <= {file.name for file in files}
    assert [file.name for file in files if canary.encode() in file.read_bytes()] == []
    assert [payload for payload in received if canary.encode() in payload] == []
    assert all(canary.encode() not in payload for payload in mosquitto.retained().values())


def test_check_tries_what_the_hub_needs(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Each part says OK; beside a running hub another client tries, and the hub stays."""
    with running(tmp_path, mosquitto.port) as (hub, log):
        wait_until(lambda: "connected" in log.read_text(), "the connection")
        done = edged("check", "--hub", "--config", tmp_path / "hub.yaml")
        assert hub.poll() is None
    heads = [line.split()[:2] for line in done.stdout.splitlines() if line.split()[1:2] and line.split()[1] == "OK"]
    assert done.returncode == 0, done.stdout
    assert [head[0] for head in heads] == ["config", "places", "text"]
    assert done.stdout.count("\nbroker ") == 6
    assert "FAIL" not in done.stdout


def test_check_names_what_is_missing(tmp_path: Path) -> None:
    """No place: status 78; no broker: status 1."""
    config = tmp_path / "hub.yaml"
    config.write_text("node: a")
    done = edged("check", "--hub", "--config", config)
    assert (done.returncode, "hub.places is empty" in done.stdout) == (78, True)
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {free_port()}}}\nhub: {{places: {{a: {{voice: [b]}}}}}}")
    done = edged("check", "--hub", "--config", config)
    assert (done.returncode, "no place has words" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (", key_file: /no/key}", "agent FAIL hub.agent.key_file is '/no/key': No such file or directory, expected a"),
        (
            "}, actions: {lamp: {url: 'http://[::1]/', description: light, token_file: /no/token}}",
            "agent FAIL hub.acti",
        ),
        ("}", "agent OK tiny, 0 actions"),
    ],
)
def test_check_reads_the_files_of_the_agent(tmp_path: Path, files: str, words: str) -> None:
    """A key or token that the hub would refuse at its start; no model is asked."""
    config = tmp_path / "hub.yaml"
    agent = f"agent: {{base_url: 'http://127.0.0.1:{free_port()}/v1', model: tiny{files}"
    config.write_text(
        f"mqtt: {{host: 127.0.0.1, port: {free_port()}}}\nhub: {{places: {{a: {{voice: [b]}}}}, {agent}}}\n"
    )
    done = edged("check", "--hub", "--config", config)
    assert words in " ".join(done.stdout.split()), done.stdout
