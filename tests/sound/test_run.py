"""``edged run`` for real: a clip played into a microphone gives events at a subscriber of mosquitto."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until  # noqa: F401 -- fixtures
from tests.parts.sound.pulse import VirtualMicrophone, virtual_microphone  # noqa: F401 -- fixtures
from tests.parts.sound.speech import RATE_HZ
from tests.parts.system.program import REPOSITORY, edged, running_daemon

# A speaker in EMO-DB's test list, unseen in training.
SPEAKER = "EMODB_14"


@pytest.fixture(scope="module")
def clip(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 12 s of an angry, unseen speaker."""
    lists = (REPOSITORY / "convert" / "data" / "splits" / "emodb.csv").read_text()
    assert f"{SPEAKER},female,0,test" in lists
    files = sorted((corpora / "emodb").glob(f"{SPEAKER.removeprefix('EMODB_')}*W?.flac"))[:5]
    sound = np.concatenate([soundfile.read(file, dtype="float32")[0] for file in files])
    file = tmp_path_factory.mktemp("clips") / "angry.wav"
    soundfile.write(file, sound, RATE_HZ)
    return file


def recorded_labels(clip: Path, config: Path) -> set[str]:
    """Labels of the clip's windows from ``edged replay``."""
    done = edged("replay", "--jsonl", clip, "--config", config)
    assert done.returncode == 0, done.stderr
    return {row["label"] for row in map(json.loads, done.stdout.splitlines()) if row.get("label")}


def test_clip_in_the_microphone_gives_an_event_at_a_subscriber(
    clip: Path,
    mosquitto: Mosquitto,  # noqa: F811
    virtual_microphone: VirtualMicrophone,  # noqa: F811
    tmp_path: Path,
) -> None:
    """The whole product: sound in, event/start out with one of the clip's labels; SIGTERM ends it cleanly."""
    config = tmp_path / "config.yaml"
    config.write_text(f"node: lab\naudio: {{device: pulse}}\nmqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n")
    labels = recorded_labels(clip, config)
    messages: dict[str, list[bytes]] = {}
    with Subscriber(mosquitto.mqtt, "lab") as subscriber:
        assert subscriber.wait_connected(60)

        def received(name: str, count: int = 1) -> bool:
            if message := subscriber.received(0.1):
                messages.setdefault(message.topic.removeprefix("edged/lab/"), []).append(message.payload)
            return len(messages.get(name, [])) >= count

        environment = {**os.environ, **virtual_microphone.environment}
        with running_daemon(config, tmp_path / "log", environment) as daemon:
            wait_until(lambda: received("health"), "the daemon's first figures")
            virtual_microphone.play(clip)
            wait_until(lambda: received("event/start"), "an event/start")
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(60) == 0, (tmp_path / "log").read_text()
            wait_until(lambda: received("event/end", len(messages["event/start"])), "an event/end for each start")
            wait_until(lambda: received("availability") and messages["availability"][-1] == b"offline", "offline")
    start = json.loads(messages["event/start"][0])
    assert start["event_type"] in labels
    assert {json.loads(end)["episode_id"] for end in messages["event/end"]} >= {start["episode_id"]}
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_check_tries_each_part(
    mosquitto: Mosquitto,  # noqa: F811
    virtual_microphone: VirtualMicrophone,  # noqa: F811
    clip: Path,
    tmp_path: Path,
) -> None:
    """With sound and a broker all checks are OK; without the broker its line has a hint."""
    config = tmp_path / "config.yaml"
    outputs = []
    for port in (mosquitto.port, 1):
        config.write_text(f"node: lab\naudio: {{device: pulse}}\nmqtt: {{host: 127.0.0.1, port: {port}}}\n")
        virtual_microphone.play(clip)
        done = edged("check", "--config", config, environment=virtual_microphone.environment)
        outputs.append((done.returncode, done.stdout.splitlines()))
        assert done.stderr == ""
    broker = [f"broker {stage}" for stage in ("name", "TCP", "TLS", "login", "topics", "sizes")]
    names = ["config", "state", "bundle", "labels", "runtime", "gate", "adaptation", "microphone", *broker]
    assert [line[:18].strip() for line in outputs[0][1]] == [f"{name:<13} OK" for name in names], outputs
    assert outputs[0][0] == 0
    assert outputs[1][0] == 1
    assert outputs[1][1][-1].startswith("broker TCP    FAIL  127.0.0.1:1: ")


def test_check_without_such_a_microphone_says_what_there_is(
    virtual_microphone: VirtualMicrophone,  # noqa: F811
    tmp_path: Path,
) -> None:
    """An unknown microphone name gives a line with the available ones."""
    config = tmp_path / "config.yaml"
    config.write_text("audio: {device: no such thing}\nmqtt: {host: 127.0.0.1, port: 1}\n")
    done = edged("check", "--config", config, environment=virtual_microphone.environment)
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("microphone")]
    assert line.startswith("microphone    FAIL  microphone 'no such thing': not found; there is 'name:pulse', ")


def test_devices_lists_what_selects_each(virtual_microphone: VirtualMicrophone) -> None:  # noqa: F811
    """The first column is what the config accepts."""
    done = edged("devices", environment=virtual_microphone.environment)
    assert done.returncode == 0, done.stderr
    assert any(line.startswith("name:pulse ") for line in done.stdout.splitlines()), done.stdout
