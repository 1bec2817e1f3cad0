"""``edged run`` while its microphone appears, falls silent, disappears and freezes, as a subscriber sees it."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.sound.pulse import VirtualMicrophone, virtual_microphone
from tests.parts.system.program import REPOSITORY
from tests.parts.system.running import running

__all__ = ["idle_mosquitto", "mosquitto", "virtual_microphone"]  # pytest finds the fixtures by their names here


RATE_HZ = 16_000


def test_microphone_that_comes_falls_silent_goes_and_freezes(
    mosquitto: Mosquitto,
    virtual_microphone: VirtualMicrophone,
    tmp_path: Path,
) -> None:
    """A subscriber sees each state, systemd gets a status in words, and a hung driver ends the process."""
    soundfile.write(tmp_path / "noise.wav", np.random.default_rng(2).standard_normal(40 * RATE_HZ) / 20, RATE_HZ)
    virtual_microphone.kill()
    with running(virtual_microphone, mosquitto, tmp_path, audio=", silent_after_s: 1") as service:
        service.wait_for("offline")
        service.wait_for_notice("No sound (offline): microphone 'pulse': not found")
        service.wait_for_notice("READY=1")
        virtual_microphone.start()
        service.wait_for("online", "muted")
        virtual_microphone.play(tmp_path / "noise.wav")
        service.wait_for("online")
        service.wait_for_notice("Listening to pulse")
        virtual_microphone.kill()
        service.wait_for("offline")
        virtual_microphone.start()
        virtual_microphone.play(tmp_path / "noise.wav")
        service.wait_for("online", between="muted")  # until the noise is there
        virtual_microphone.freeze()
        service.wait_for("stalled", between="muted online")
        assert service.wait_for_end(WITHIN_S) == 1
        service.wait_for("offline")
        assert service.notified.count("READY=1") == 1
    log = (tmp_path / "log").read_text()
    assert log.splitlines()[-1] == "edged: microphone 'pulse': the driver hangs, it made no progress for 20 s"
    assert log.count("capture offline: ") == 2


_DYING = """
import sys
from pathlib import Path
from paho.mqtt.client import Client
from edged.cli.main import main
loop = Client.loop_misc
def die(client):
    if Path(sys.argv[2]).exists():
        raise ZeroDivisionError("as if")
    return loop(client)
Client.loop_misc = die
sys.exit(main(["run", "--config", sys.argv[1]]))
"""


def test_thread_that_dies_takes_the_daemon_with_it(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A dead paho thread ends the daemon: status 1, stack and line in the log, offline by its will."""
    config, now = tmp_path / "config.yaml", tmp_path / "now"
    config.write_text(f"node: lab\nmqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n")
    with (
        Subscriber(mosquitto.mqtt, "lab") as subscriber,
        subprocess.Popen(
            [sys.executable, "-c", _DYING, config, now], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
        ) as daemon,
    ):

        def published(word: bytes) -> bool:
            received = subscriber.received(0.1)
            return received is not None and received.topic == "edged/lab/availability" and received.payload == word

        wait_until(lambda: published(b"online"), "online")
        now.touch()
        try:
            _, log = daemon.communicate(timeout=60)
        finally:
            daemon.kill()
        wait_until(lambda: published(b"offline"), "offline")
    assert daemon.returncode == 1
    assert "Exception in thread paho-mqtt-client-edged-lab" in log
    last = log.splitlines()[-1]
    assert last.startswith("edged: thread paho-mqtt-client-edged-lab")
    assert "died (ZeroDivisionError('as if'))" in last


@pytest.mark.parametrize("when", ["absent", "frozen", "frozen before the start"])
def test_sigterm_ends_it_in_time(
    mosquitto: Mosquitto,
    virtual_microphone: VirtualMicrophone,
    tmp_path: Path,
    when: str,
) -> None:
    """Whatever the microphone does, status 0 shows that it ended in time (``signals.py``)."""
    if when == "absent":
        virtual_microphone.kill()
    if when == "frozen before the start":
        virtual_microphone.freeze()
    with running(virtual_microphone, mosquitto, tmp_path) as service:
        if when == "frozen":
            service.wait_for_sound()
            virtual_microphone.freeze()
            service.wait_for("stalled")
        else:
            service.wait_for("offline")
        service.daemon.send_signal(signal.SIGTERM)
        assert service.wait_for_end(WITHIN_S) == 0
