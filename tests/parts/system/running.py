"""``edged run`` as a process, observed by an MQTT subscriber and a stand-in for systemd.

config ──► edged run ──mosquitto──► Service.captures, events, availability
                     └─NOTIFY_SOCKET─► Service.notified
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from edged.contract.payloads import EpisodeEnd, EpisodeStart
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import Mosquitto, wait_until
from tests.parts.sound.pulse import VirtualMicrophone
from tests.parts.system.program import running_daemon

_EVENT = msgspec.json.Decoder(EpisodeStart | EpisodeEnd)


class Service:
    """An ``edged run`` with a subscriber to its topics and a stand-in for systemd."""

    def __init__(self, daemon: subprocess.Popen[bytes], subscriber: Subscriber, notices: socket.socket) -> None:
        self.daemon = daemon
        self.captures: list[str] = []  # payloads of the topic, in order
        self.availability = ""
        self.events: list[EpisodeStart | EpisodeEnd] = []
        self.notified: list[str] = []  # lines sent to systemd
        self._subscriber = subscriber
        self._notices = notices

    def wait_for(self, *captures: str, between: str = "") -> None:
        """Wait until exactly these capture states were published since the last call.

        Those in ``between`` may come as well, since they depend on how soon a sound server and a player begin.
        """

        def published() -> list[str]:
            return [state for state in self.captures if state in captures or state not in between.split()]

        wait_until(lambda: self._poll() and len(published()) >= len(captures), f"capture {captures}")
        assert published() == list(captures)
        self.captures.clear()

    def wait_for_sound(self) -> None:
        """Wait until the microphone is open; while it is being opened, offline may be published first."""
        wait_until(lambda: self._poll() and self.captures[-1:] == ["online"], "sound")
        assert self.captures in (["online"], ["offline", "online"])
        self.captures.clear()

    def wait_for_event(self) -> None:
        """Wait for the start of an episode."""
        wait_until(lambda: self._poll() and self.events, "an event/start")

    def wait_for_notice(self, words: str) -> None:
        """Wait until systemd was sent a line with ``words``."""
        wait_until(lambda: self._poll() and any(words in line for line in self.notified), f"notice with {words}")

    def wait_for_end(self, within_s: float) -> int:
        """Wait for the end and return the exit status."""
        status = self.daemon.wait(within_s)
        self.wait_for_offline()
        return status

    def wait_for_offline(self) -> None:
        """Wait until the broker reports the daemon offline, which follows its last event."""
        wait_until(lambda: self._poll() and self.availability == "offline", "offline")

    def _poll(self) -> bool:
        if message := self._subscriber.received(0.05):
            if message.topic == "edged/lab/capture":
                self.captures.append(message.payload.decode())
            if message.topic == "edged/lab/availability":
                self.availability = message.payload.decode()
            if message.topic.startswith("edged/lab/event/"):
                self.events.append(_EVENT.decode(message.payload))
        with suppress(BlockingIOError):
            self.notified += self._notices.recv(4096).decode().splitlines()
        return True


@contextmanager
def running(  # noqa: PLR0913 -- its parts, and a config section for each
    microphone: VirtualMicrophone,
    broker: Mosquitto,
    folder: Path,
    *,
    port: int = 0,
    audio: str = "",
    mqtt: str = "",
    state_dir: Path | None = None,
    more: str = "",
) -> Iterator[Service]:
    """Run ``edged run`` on the microphone and the broker, and stop it at the end.

    It connects to ``port`` instead of the broker's own if given; ``more`` is the rest of its config.
    """
    config = folder / "config.yaml"
    config.write_text(
        f"node: lab\naudio: {{device: pulse{audio}}}\nmqtt: {{host: 127.0.0.1, port: {port or broker.port}{mqtt}}}\n"
        f"state_dir: {state_dir or folder}\n{more}"
    )
    name = f"edged-{os.getpid()}-{folder.name}"  # workers of pytest-xdist have folders of one name
    with (
        Subscriber(broker.mqtt, "lab") as subscriber,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices,
    ):
        assert subscriber.wait_connected(60)
        notices.bind(f"\0{name}")
        notices.settimeout(0)
        environment = {**os.environ, **microphone.environment, "NOTIFY_SOCKET": f"@{name}"}
        with running_daemon(config, folder / "log", environment) as daemon:
            yield Service(daemon, subscriber, notices)
    assert "Traceback" not in (folder / "log").read_text()
