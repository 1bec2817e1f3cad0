"""A daemon in a thread, wired as in ``edged run``, with a simulated room as its microphone; fixtures to import.

Room ──AudioChunk──► Daemon ──► Publisher ──► a real broker ──cmd/…──► Commands ──► Control ──► Daemon, Room
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from edged.audio.ring import AudioChunk
from edged.config.load import load_config
from edged.config.overrides import overrides_for
from edged.config.reload import Reload
from edged.errors import EdgedError
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from edged.mqtt.commands import Commands
from edged.mqtt.publisher import Publisher
from edged.pipeline.adaptation_store import adaptation_store_for
from edged.pipeline.control import Control
from edged.pipeline.daemon import Daemon
from tests.parts.broker.commander import Commander
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto
from tests.parts.fakes import FakeSource
from tests.parts.sound.speech import RATE_HZ

__all__ = ["Device", "Room", "Start", "bundle", "commander", "idle_mosquitto", "mosquitto", "start"]

_BLOCK = 8000


class Room(FakeSource):
    """Live source of endless noise that is loud every other half second; it can be muted."""

    def __init__(self, *, muted: bool = False) -> None:
        noise = np.random.default_rng(1).normal(0, 0.001, _BLOCK).astype(np.float32)
        blocks = (noise, 30 * noise)
        super().__init__((AudioChunk(blocks[n % 2], n * _BLOCK, n * _BLOCK / RATE_HZ) for n in range(10**9)), live=True)
        self.change(muted=muted)
        self._pause = threading.Event()

    def read(self, timeout_s: float) -> AudioChunk | None:
        """A block of noise, paced in real time."""
        self._pause.wait(0.02)
        return None if self.status.muted else super().read(timeout_s)


class Device:
    """The daemon in a thread, wired as in ``edged run``; ``with`` starts and stops it."""

    def __init__(
        self, bundle: Bundle, mosquitto: Mosquitto, folder: Path, text: str = "", commands: str = "on"
    ) -> None:
        self.file = folder / "config.yaml"
        self._broker = f"{{host: 127.0.0.1, port: {mosquitto.port}"
        self.write(text, commands)
        config = load_config(self.file)
        self.overrides = overrides_for(config, bundle.manifest.labels)
        reload = Reload(config, lambda: load_config(self.file), self.overrides)
        config = reload.in_force
        self.room = Room(muted=config.audio.muted)
        commands_received = Commands(config.mqtt, "lab")
        self.publisher = Publisher(config.mqtt, "lab", listeners=[commands_received])
        self.adaptation = adaptation_store_for(config, bundle)
        daemon = Daemon(config, bundle, self.room, self.publisher, adaptation=self.adaptation)
        control = Control(
            daemon,
            labels=bundle.manifest.labels,
            adaptation=self.adaptation,
            overrides=self.overrides,
            reload=reload,
        )
        self.fault: EdgedError | None = None
        self._stop = threading.Event()

        def between_reads() -> None:
            for topic, result in commands_received.results(control.obey):
                self.publisher.publish(topic, result)
            for topic, result in control.tick():
                self.publisher.publish(topic, result)

        def run() -> None:
            try:
                daemon.run(self._stop, reload, between_reads)
            except EdgedError as exc:
                self.fault = exc

        self._thread = threading.Thread(target=run, name="edged-daemon-under-test")

    def write(self, text: str, commands: str = "on") -> None:
        """Write the config file: ``text`` plus the broker section."""
        self.file.write_text(f"mqtt: {self._broker}, commands: {commands}}}\nnode: lab\n{text}\n")

    def __enter__(self) -> Self:
        self.publisher.__enter__()
        self._thread.start()
        if not self.publisher.wait_connected(WITHIN_S):
            self.__exit__()  # otherwise its thread would keep the test run alive
            pytest.fail(f"not connected: {self.publisher.reason}")
        return self

    def __exit__(self, *_fault: object) -> None:
        self._stop.set()
        self.wait()
        self.publisher.__exit__()

    def wait(self) -> None:
        """Block until the daemon has ended."""
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """The shipped bundle."""
    return load_bundle(DEFAULT_BUNDLE)


Start = Callable[..., Device]


@pytest.fixture
def start(bundle: Bundle, mosquitto: Mosquitto, tmp_path: Path) -> Start:
    """Factory of devices with the given config text; all of them share one state folder."""
    return lambda text="", commands="on": Device(bundle, mosquitto, tmp_path, text, commands)


@pytest.fixture
def commander(mosquitto: Mosquitto) -> Iterator[Commander]:
    """A client that gives commands over the broker."""
    with Commander(mosquitto.port) as somebody:
        yield somebody
