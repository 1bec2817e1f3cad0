"""``edged replay``: a file through the whole pipeline, to the broker or to stdout."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from paho.mqtt.client import MQTTMessage

from edged.cli.sensor.replay import replay_config
from edged.config.structs import Config
from edged.host.instance_lock import InstanceLock
from edged.mqtt.publisher import Publisher
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, free_port, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.raw_subscriber import raw_subscriber
from tests.parts.sound.speech import RATE_HZ
from tests.parts.system.program import LIMIT_S, REPOSITORY, assert_one_line, edged

__all__ = ["idle_mosquitto", "mosquitto"]


def is_offline(message: MQTTMessage, node: str) -> bool:
    """Whether it is the last that a node publishes; its capture is offline a moment before."""
    return (message.topic, message.payload) == (f"edged/{node}/availability", b"offline")


def test_replay_jsonl_prints_json_lines_only(speech: Path) -> None:
    """Every line of stdout is an object of a known type, windows in order of time."""
    done = edged("replay", speech, "--jsonl")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["type"] for row in rows} == {"window", "start", "end"}
    starts = [row["start_s"] for row in rows if row["type"] == "window"]
    assert starts == sorted(starts)
    assert all(row["v"] == 1 for row in rows)
    assert {row["file"] for row in rows} == {str(speech)}


def test_replay_with_a_baseline(speech: Path, tmp_path: Path) -> None:
    """Learning changes all windows except the first; without it a repeated replay is identical."""
    plain, again, fresh = (
        [json.loads(line) for line in edged("replay", speech, "--jsonl", "--baseline", how).stdout.splitlines()]
        for how in ("none", "none", "fresh")
    )
    windows = [[row["scores"] for row in rows if row.get("scores")] for rows in (plain, again, fresh)]
    assert windows[0] == windows[1]
    assert windows[0][0] == windows[2][0]
    assert len(windows[0]) == len(windows[2]) > 10
    assert all(without != adaptation for without, adaptation in zip(windows[0][1:], windows[2][1:], strict=True))
    assert_one_line(edged("replay", speech, "--jsonl", "--baseline", tmp_path / "none.json"), 78, "none.json")


@pytest.mark.parametrize(("arguments", "node"), [([], "lab-replay"), (["--node", "desk"], "desk")])
def test_replay_has_a_node_of_its_own(
    speech: Path, mosquitto: Mosquitto, tmp_path: Path, arguments: list[str], node: str
) -> None:
    """It publishes only on its own topics; the live device keeps its connection and its availability."""
    config = tmp_path / "config.yaml"
    config.write_text(f"node: lab\nmqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n")
    with Publisher(mosquitto.mqtt, "lab") as live:
        assert live.wait_connected(WITHIN_S)
        with raw_subscriber(mosquitto.port, "#") as (_, messages):
            wait_until(lambda: messages, "what the live device retained")
            done = edged("replay", speech, "--config", config, *arguments)
            assert (done.returncode, done.stdout) == (0, ""), done.stderr
            assert f"replay is published as node {node}" in done.stderr
            wait_until(lambda: is_offline(messages[-1], node), "offline")
        assert live.connected
        assert live.status.reconnects == 0
    assert [(one.topic, one.payload) for one in messages[:1]] == [("edged/lab/availability", b"online")]
    assert all(one.topic.startswith(f"edged/{node}/") for one in messages[1:])
    topics = [one.topic.removeprefix(f"edged/{node}/") for one in messages[1:]]
    assert topics[0] == topics[-1] == "availability"
    assert {"emotion", "event/start", "event/end", "health"} <= set(topics)
    payloads = {name: json.loads(one.payload) for name, one in zip(topics, messages[1:], strict=True) if name == "info"}
    assert payloads["info"]["node"] == node
    ids = {
        name: [json.loads(one.payload)["episode_id"] for one in messages if one.topic == f"edged/{node}/{name}"]
        for name in ("event/start", "event/end")
    }
    assert ids["event/start"] == ids["event/end"]


def test_replay_as_the_node_of_a_running_daemon_is_refused(speech: Path, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """It would disconnect the daemon: one line with node and process, status 69."""
    config = tmp_path / "config.yaml"
    config.write_text(f"node: lab\nmqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n")
    with InstanceLock("lab", "edged", mosquitto.port):
        done = edged("replay", speech, "--config", config, "--node", "lab")
    assert_one_line(done, 69, f"edged already runs here as node lab, pid {os.getpid()}")


def test_replay_node_fits_a_topic() -> None:
    """A long name is shortened, an invalid one refused."""
    assert replay_config(Config(node="n" * 64)).node == "n" * 57 + "-replay"
    assert edged("replay", "a.wav", "--node", "a/b").returncode == 64


def test_replay_without_broker_is_an_error(speech: Path, tmp_path: Path) -> None:
    """One line with host and port, status 1."""
    config = tmp_path / "config.yaml"
    port = free_port()
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {port}}}\n")
    done = edged("replay", speech, "--config", config)
    assert done.returncode == 1
    assert f"edged: broker 127.0.0.1:{port}: " in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_replay_checks_files_before_the_broker(speech: Path, tmp_path: Path) -> None:
    """Without a usable file no broker is asked for; with one, the others are reported first."""
    config = tmp_path / "config.yaml"
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {free_port()}}}\n")
    stereo = tmp_path / "stereo.wav"
    soundfile.write(stereo, np.zeros((RATE_HZ, 2)), RATE_HZ)
    assert_one_line(edged("replay", tmp_path / "absent.wav", "--config", config), 65, "absent.wav: no such file")
    done = edged("replay", speech, tmp_path, "--config", config)
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("edged: ")]
    assert errors[0] == f"edged: {tmp_path}: is a directory; expected a sound file"
    assert errors[1].startswith("edged: broker 127.0.0.1:")
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {free_port()}}}\naudio: {{channel: 3}}\n")
    assert_one_line(edged("replay", stereo, "--config", config), 65, "has 2 channels")


def test_hour_of_silence_is_replayed_without_events(tmp_path: Path) -> None:
    """An hour has a window per stride and no event."""
    file = tmp_path / "hour.flac"
    with soundfile.SoundFile(file, "w", RATE_HZ, 1) as out:
        for _ in range(60):
            out.write(np.zeros(60 * RATE_HZ, np.float32))
    done = edged("replay", "--jsonl", file)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == pytest.approx(3600 / 0.496, abs=10)
    assert {(row["type"], row["speech"]) for row in rows} == {("window", False)}


@pytest.mark.parametrize(
    ("name", "content"), [("empty.wav", b""), ("text.wav", b"this is no sound\n" * 50), ("cut.wav", b"RIFF\x10")]
)
def test_what_is_no_sound_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """Empty, text or truncated header: one line with the file's name, status 65, nothing on stdout."""
    (tmp_path / name).write_bytes(content)
    done = edged("replay", "--jsonl", tmp_path / name)
    assert_one_line(done, 65, name)
    assert not done.stdout


def test_reader_that_leaves_ends_the_replay_quietly(speech: Path) -> None:
    """``edged replay | head -1`` prints no traceback."""
    command = f"{sys.executable} -m edged replay --jsonl {speech} {speech} {speech} | head -1"
    done = subprocess.run(
        ["bash", "-c", command],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=LIMIT_S,
    )
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_sigterm_ends_a_replay_in_real_time(speech: Path, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A stop in the middle is clean: status 0, state offline, and waiting files are not started."""
    config = tmp_path / "config.yaml"
    config.write_text(f"node: lab\nmqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n")
    with (
        raw_subscriber(mosquitto.port, "edged/lab-replay/#") as (_, messages),
        subprocess.Popen(
            [sys.executable, "-m", "edged", "replay", "--speed", "1", speech, speech, "--config", config],
            cwd=REPOSITORY,
            stderr=subprocess.PIPE,
            text=True,
        ) as replay,
    ):
        try:
            wait_until(lambda: any(one.topic == "edged/lab-replay/emotion" for one in messages), "the first state")
            replay.send_signal(signal.SIGTERM)
            assert replay.wait(WITHIN_S) == 0
        finally:
            replay.kill()
        wait_until(lambda: is_offline(messages[-1], "lab-replay"), "offline")
