"""``edged run`` on live speech: CPU time, memory, and the time from a window's end to a subscriber.

    sample ──paplay──► virtual microphone ──edged run──► mosquitto ──► subscriber: receipt minus end of window
                                              └──/proc──► CPU time for a second of sound, Pss

The runtimes take turns, with the config's defaults except for the broker. For the latency each window is published
too, which is off by default, with the preferred runtime. A window ends with the last sample that its last frame
needs: its ``time`` is that of the frame's centre, half a frame (32 ms) earlier. The microphone's clock is that at
which its block arrived.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.daemon import Daemon, lacking, running
from benchmarks.result import Outcome, Spread, spread
from edged.contract.payloads import WindowScores
from edged.demo.sample import SAMPLE
from edged.features.geometry import GEOMETRY
from edged.models.interpreter import Runtime, installed_runtimes
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program
from tests.parts.sound.pulse import VirtualMicrophone

_ROUNDS = 2
_LISTEN_S = 28.0
_SETTLE_S = 5.0  # the first window is complete, and what the start allocated is freed
_HALF_FRAME_S = GEOMETRY.n_fft / 2 / GEOMETRY.sample_rate_hz
_WINDOW = msgspec.json.Decoder(WindowScores)


def measured() -> Outcome:
    """CPU share and Pss by runtime, and latencies."""
    if reason := lacking():
        return Outcome(missing=reason)
    found = _Found()
    with tempfile.TemporaryDirectory() as name, Mosquitto(Path(name), mosquitto_program()) as broker:
        broker.start()
        for _ in range(_ROUNDS):
            for runtime in installed_runtimes():
                with _listening(broker, runtime, windows=False) as daemon:
                    found.take(daemon, runtime)
        with (
            _listening(broker, installed_runtimes()[0], windows=True),
            Subscriber(broker.mqtt, "bench") as subscriber,
        ):
            _received(subscriber, _SETTLE_S)
            latencies_ms = _received(subscriber, 2 * _LISTEN_S)
    percentiles = np.percentile(latencies_ms, (50, 95, 99)).tolist()
    figures = {f"latency p{p} ms": value for p, value in zip((50, 95, 99), percentiles, strict=True)}
    figures["windows received"] = float(len(latencies_ms))
    return Outcome(
        spreads={name: _all(values) for name, values in found.values.items()}, figures=found.figures | figures
    )


@contextmanager
def _listening(broker: Mosquitto, runtime: Runtime, *, windows: bool) -> Iterator[Daemon]:
    """A daemon that hears the sample conversation."""
    mqtt = {"host": broker.mqtt.host, "port": broker.port, "window": windows}
    with (
        VirtualMicrophone() as microphone,
        running({"mqtt": mqtt, "log_level": "error"}, microphone.environment, runtime) as daemon,
    ):
        microphone.play(SAMPLE)
        yield daemon


class _Found:
    """What the rounds gave."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = {}
        self.figures: dict[str, float] = {}

    def take(self, daemon: Daemon, runtime: Runtime) -> None:
        """CPU time over time and memory of ``daemon``, while it listens."""
        time.sleep(_SETTLE_S)
        before_s, threads_s, began_s = daemon.cpu_s(), daemon.cpu_by_thread_s(), time.monotonic()
        time.sleep(_LISTEN_S)
        share = (daemon.cpu_s() - before_s) / (time.monotonic() - began_s)
        self.values.setdefault(f"CPU share, {runtime} %", []).append(100 * share)
        self.values.setdefault(f"Pss, {runtime} MB", []).append(daemon.memory_mb())
        parts = daemon.memory_by_part_mb()
        self.figures |= {f"Pss, {runtime}, {part}, MB": size_mb for part, size_mb in parts.items()}
        if runtime == installed_runtimes()[0]:
            for thread, spent_s in daemon.cpu_by_thread_s().items():
                share = (spent_s - threads_s.get(thread, 0.0)) / (time.monotonic() - began_s)
                self.figures[f"CPU share, {thread} %"] = 100 * share


def _received(subscriber: Subscriber, for_s: float) -> list[float]:
    found_ms = []
    until_s = time.monotonic() + for_s
    while (left_s := until_s - time.monotonic()) > 0:
        message = subscriber.received(left_s)
        now_s = time.time()
        if message and message.topic.endswith("/window"):
            end_s = datetime.fromisoformat(_WINDOW.decode(message.payload).time).timestamp() + _HALF_FRAME_S
            found_ms.append(1000 * (now_s - end_s))
    return found_ms


def _all(values: list[float]) -> Spread:
    """With so few rounds, the extremes in place of quartiles."""
    found = spread(values)
    return Spread(found.median, min(values), max(values), found.n)
