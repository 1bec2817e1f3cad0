"""``edged run`` as a process while its microphone comes, falls silent, goes, freezes: what a subscriber sees of it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.mqtt.subscriber import Subscriber
from tests.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.pulse import VirtualMicrophone, virtual_microphone

__all__ = ["idle_mosquitto", "mosquitto", "virtual_microphone"]  # pytest finds the fixtures by their names here

pytestmark = pytest.mark.fault

REPOSITORY = Path(__file__).parent.parent
RATE_HZ = 16_000


class Service:
    """An ``edged run`` with a subscriber to its topics and a stand-in for systemd."""

    def __init__(self, daemon: subprocess.Popen[bytes], subscriber: Subscriber, notices: socket.socket) -> None:
        self.daemon = daemon
        self.captures: list[str] = []  # payloads of the topic, in order
        self.availability = ""
        self.told: list[str] = []  # lines that systemd was told
        self._subscriber = subscriber
        self._notices = notices

    def wait_for(self, *captures: str, within_s: float = 20.0) -> None:
        """Returns when these and no other states of the capture were published since the last call."""
        wait_until(lambda: self._look() and len(self.captures) >= len(captures), f"capture {captures}", within_s)
        assert self.captures == list(captures)
        self.captures.clear()

    def wait_for_notice(self, words: str) -> None:
        """Returns when systemd was told a line with these words."""
        wait_until(lambda: self._look() and any(words in line for line in self.told), f"notice with {words}")

    def wait_for_end(self, within_s: float) -> int:
        """The exit status."""
        status = self.daemon.wait(within_s)
        wait_until(lambda: self._look() and self.availability == "offline", "offline")
        return status

    def _look(self) -> bool:
        if message := self._subscriber.received(0.05):
            if message.topic == "edged/lab/capture":
                self.captures.append(message.payload.decode())
            if message.topic == "edged/lab/availability":
                self.availability = message.payload.decode()
        with suppress(BlockingIOError):
            self.told += self._notices.recv(4096).decode().splitlines()
        return True


@contextmanager
def running(microphone: VirtualMicrophone, broker: Mosquitto, folder: Path, audio: str = "") -> Iterator[Service]:
    """An ``edged run`` on the microphone and the broker, ended at last."""
    config = folder / "config.yaml"
    config.write_text(
        f"node: lab\naudio: {{device: pulse{audio}}}\nmqtt: {{host: 127.0.0.1, port: {broker.port}}}\n"
        f"state_dir: {folder}\n"
    )
    name = f"edged-{folder.name}"
    with (
        Subscriber(broker.mqtt, "lab") as subscriber,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices,
        (folder / "log").open("w") as log,
    ):
        assert subscriber.wait_connected(15)
        notices.bind(f"\0{name}")
        notices.settimeout(0)
        daemon = subprocess.Popen(
            [sys.executable, "-m", "edged", "run", "--config", config],
            cwd=REPOSITORY,
            env={**os.environ, **microphone.environment, "NOTIFY_SOCKET": f"@{name}"},
            stderr=log,
            stdout=log,
        )
        try:
            yield Service(daemon, subscriber, notices)
        finally:
            daemon.kill()
            daemon.wait(15)
    assert "Traceback" not in (folder / "log").read_text()


def test_microphone_that_comes_falls_silent_goes_and_freezes(
    mosquitto: Mosquitto,
    virtual_microphone: VirtualMicrophone,
    tmp_path: Path,
) -> None:
    """A subscriber sees each state, systemd reads it in words, and a driver that hangs ends in a fresh process."""
    soundfile.write(tmp_path / "noise.wav", np.random.default_rng(2).standard_normal(40 * RATE_HZ) / 20, RATE_HZ)
    virtual_microphone.kill()
    with running(virtual_microphone, mosquitto, tmp_path, ", silent_after_s: 1") as service:
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
        service.wait_for("online")
        virtual_microphone.freeze()
        service.wait_for("stalled", within_s=5)
        assert service.wait_for_end(30) == 1
        service.wait_for("offline")
        assert service.told.count("READY=1") == 1
    log = (tmp_path / "log").read_text()
    assert log.splitlines()[-1] == "edged: microphone 'pulse': the driver hangs, it got nothing done for 20 s"
    assert log.count("capture offline: ") == 2


@pytest.mark.parametrize("when", ["absent", "frozen", "frozen before the start"])
def test_sigterm_ends_it_in_time(
    mosquitto: Mosquitto,
    virtual_microphone: VirtualMicrophone,
    tmp_path: Path,
    when: str,
) -> None:
    """Whatever the microphone does, five seconds are enough, and the status is 0."""
    if when == "absent":
        virtual_microphone.kill()
    if when == "frozen before the start":
        virtual_microphone.freeze()
    with running(virtual_microphone, mosquitto, tmp_path) as service:
        if when == "frozen":
            service.wait_for("online")
            virtual_microphone.freeze()
            service.wait_for("stalled")
        else:
            service.wait_for("offline")
        service.daemon.send_signal(signal.SIGTERM)
        assert service.wait_for_end(5) == 0
