"""The whole pipeline in this process: speech from memory through a daemon into a sink that drops payloads.

    speech, a stride a read ──Source──► Daemon ──Sink──► nothing

The daemon is the one of ``edged run``, without a microphone, a broker and an adaptation.
"""

import threading
import time
from typing import NamedTuple

import msgspec

from benchmarks.sound import STRIDE
from edged.config.structs import Config
from edged.contract.status import SinkStatus, SourceStatus
from edged.contract.topics import WINDOW, Topic
from edged.features.logmel import Floats
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from edged.pipeline.daemon import Daemon


class Chunk(NamedTuple):
    """A stride of sound."""

    samples: Floats
    start: int
    utc_s: float
    captured_s: float


class Memory:
    """A source: whole strides of speech, over and over; it sets ``stop`` with the last one asked for."""

    def __init__(self, speech: Floats) -> None:
        self.stop, self.status = threading.Event(), SourceStatus(name="memory")
        self._pieces = [speech[at : at + STRIDE] for at in range(0, len(speech) - STRIDE + 1, STRIDE)]
        self._n_read = self._until = 0

    def more(self, n_strides: int) -> None:
        """Lets the daemon read so many strides more."""
        self.stop.clear()
        self._until += n_strides

    def read(self, timeout_s: float) -> Chunk:  # noqa: ARG002 -- it never waits
        """The next stride."""
        samples = self._pieces[self._n_read % len(self._pieces)]
        chunk = Chunk(samples, self._n_read * STRIDE, time.time(), time.monotonic())
        self._n_read += 1
        if self._n_read == self._until:
            self.stop.set()
        return chunk

    def await_count(self, count: int) -> None:
        """Each read gives a stride."""

    def mute(self, muted: bool) -> None:  # noqa: FBT001 -- as in the protocol
        """Nobody mutes it."""


class _Nowhere:
    """A sink that counts windows."""

    def __init__(self) -> None:
        self.status = SinkStatus()
        self.n_windows = self.n_speech = 0

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:  # noqa: ARG002 -- as in the protocol
        """Drops it."""
        if topic == WINDOW:
            self.n_windows += 1
            self.n_speech += bool(getattr(payload, "speech", False))

    def tick(self) -> None:
        """Nothing is due."""


class Pipeline:
    """A call runs ``n_windows`` windows through a daemon that stays open."""

    def __init__(self, config: Config, speech: Floats, n_windows: int, bundle: Bundle | None = None) -> None:
        self.sink, self._source, self._n_windows = _Nowhere(), Memory(speech), n_windows
        self._daemon = Daemon(config, bundle or load_bundle(DEFAULT_BUNDLE), self._source, self.sink)

    def __call__(self) -> None:
        """Runs them."""
        self._source.more(self._n_windows)
        self._daemon.run(self._source.stop)
