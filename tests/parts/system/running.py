"""``edged run`` as a process, with what a subscriber and systemd hear of it.

config ──► edged run ──mosquitto──► Service.captures, events, availability
                     └─NOTIFY_SOCKET─► Service.told
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from edged.contract.payloads import EpisodeEnd, EpisodeStart
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import Mosquitto, wait_until
from tests.parts.sound.pulse import VirtualMicrophone

REPOSITORY = Path(__file__).parents[3]
_EVENT = msgspec.json.Decoder(EpisodeStart | EpisodeEnd)


class Service:
    """An ``edged run`` with a subscriber to its topics and a stand-in for systemd."""

    def __init__(self, daemon: subprocess.Popen[bytes], subscriber: Subscriber, notices: socket.socket) -> None:
        self.daemon = daemon
        self.captures: list[str] = []  # payloads of the topic, in order
        self.availability = ""
        self.events: list[EpisodeStart | EpisodeEnd] = []
        self.told: list[str] = []  # lines that systemd was told
        self._subscriber = subscriber
        self._notices = notices

    def wait_for(self, *captures: str, within_s: float = 20.0) -> None:
        """Returns when these and no other states of the capture were published since the last call."""
        wait_until(lambda: self._look() and len(self.captures) >= len(captures), f"capture {captures}", within_s)
        assert self.captures == list(captures)
        self.captures.clear()

    def wait_for_event(self) -> None:
        """Returns when an episode runs."""
        wait_until(lambda: self._look() and self.events, "an event/start", 40)

    def wait_for_notice(self, words: str) -> None:
        """Returns when systemd was told a line with these words."""
        wait_until(lambda: self._look() and any(words in line for line in self.told), f"notice with {words}")

    def wait_for_end(self, within_s: float) -> int:
        """The exit status."""
        status = self.daemon.wait(within_s)
        self.wait_for_offline()
        return status

    def wait_for_offline(self) -> None:
        """Returns when the broker says that it is gone, which is after its last event."""
        wait_until(lambda: self._look() and self.availability == "offline", "offline")

    def _look(self) -> bool:
        if message := self._subscriber.received(0.05):
            if message.topic == "edged/lab/capture":
                self.captures.append(message.payload.decode())
            if message.topic == "edged/lab/availability":
                self.availability = message.payload.decode()
            if message.topic.startswith("edged/lab/event/"):
                self.events.append(_EVENT.decode(message.payload))
        with suppress(BlockingIOError):
            self.told += self._notices.recv(4096).decode().splitlines()
        return True


@contextmanager
def running(  # noqa: PLR0913 -- its parts, and what the config says of each
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
    """An ``edged run`` on the microphone and the broker, ended at last.

    It reaches the broker by ``port`` where that is not the broker's own; ``more`` is the rest of its config.
    """
    config = folder / "config.yaml"
    config.write_text(
        f"node: lab\naudio: {{device: pulse{audio}}}\nmqtt: {{host: 127.0.0.1, port: {port or broker.port}{mqtt}}}\n"
        f"state_dir: {state_dir or folder}\n{more}"
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
