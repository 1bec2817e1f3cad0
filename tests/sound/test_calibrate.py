"""``edged calibrate`` for real: speech into a microphone, with and without a daemon, and what ``edged check`` says."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until  # noqa: F401 -- fixtures
from tests.parts.models.bundles import adapting_bundle
from tests.parts.sound.pulse import VirtualMicrophone, virtual_microphone  # noqa: F401 -- fixtures
from tests.parts.system.program import edged, running_daemon


@pytest.fixture
def config(mosquitto: Mosquitto, tmp_path: Path) -> Path:  # noqa: F811
    """A device with the virtual microphone, a broker and features that adapt."""
    file = tmp_path / "config.yaml"
    file.write_text(
        f"node: lab\naudio: {{device: pulse}}\nmqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n"
        f"models: {{bundle: {adapting_bundle(tmp_path / 'bundle')}}}\nstate_dir: {tmp_path / 'kept'}\n"
    )
    return file


def spoken_to(microphone: VirtualMicrophone, config: Path, speech: Path) -> tuple[int, list[str]]:
    """Status and lines of ``edged calibrate`` while somebody speaks."""
    command = [sys.executable, "-m", "edged", "calibrate", "--config", str(config)]
    with subprocess.Popen(command, env=microphone.environment, stdout=subprocess.PIPE, text=True) as calibrating:
        assert calibrating.stdout is not None
        first = calibrating.stdout.readline()
        microphone.play(speech)
        rest, _ = calibrating.communicate(timeout=60)
    return calibrating.returncode, [first.strip(), *rest.splitlines()]


def test_alone_and_then_checked(
    virtual_microphone: VirtualMicrophone,  # noqa: F811
    config: Path,
    speech: Path,
) -> None:
    """It listens to the microphone itself, and ``edged check`` says what there is."""
    status, lines = spoken_to(virtual_microphone, config, speech)
    assert status == 0, lines
    assert lines[0].startswith("speak two or three sentences now")
    assert lines[1].startswith("detected ")
    done = edged("check", "--config", config, environment=virtual_microphone.environment)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("adaptation")]
    assert line.startswith("adaptation    OK    calibrated with ")
    assert "times as much as one of them does" in line


def test_through_the_daemon(
    virtual_microphone: VirtualMicrophone,  # noqa: F811
    config: Path,
    speech: Path,
    tmp_path: Path,
) -> None:
    """The running daemon is found and asked; it saves while it runs, so that the next start has it."""
    environment = {**os.environ, **virtual_microphone.environment}
    with running_daemon(config, tmp_path / "log", environment) as daemon:
        wait_until(lambda: "capture online" in (tmp_path / "log").read_text(), "sound")
        status, lines = spoken_to(virtual_microphone, config, speech)
        assert status == 0, lines
        assert lines[1].startswith("detected ")
        saved = tmp_path / "kept" / "baseline.json"
        wait_until(lambda: saved.exists() and b'"calibration":{' in saved.read_bytes(), "it on the disk")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(60) == 0, (tmp_path / "log").read_text()
