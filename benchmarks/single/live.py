"""``edged run`` on live speech: CPU time, memory, and the time from a window's end to a subscriber.

    sample ──paplay──► virtual microphone ──edged run──► mosquitto ──► subscriber: receipt minus end of window
                                              └──/proc──► CPU time for a second of sound, Pss

The runtimes take turns.  A window ends with the last sample that its last frame needs: its ``time`` is that of the
frame's centre, half a frame (32 ms) earlier.  The microphone's clock is that at which its block arrived.
"""

import tempfile
import time
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.daemon import Daemon, lacking, running
from benchmarks.result import Outcome, Spread, spread
from edged.contract.payloads import WindowScores
from edged.demo.sample import SAMPLE
from edged.features.geometry import GEOMETRY
from edged.models.interpreter import installed_runtimes
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program
from tests.parts.sound.pulse import VirtualMicrophone

_ROUNDS = 2
_LISTEN_S = 28.0
_SETTLE_S = 5.0  # the first window is complete, and what the start allocated is freed
_HALF_FRAME_S = GEOMETRY.n_fft / 2 / GEOMETRY.sample_rate_hz
_WINDOW = msgspec.json.Decoder(WindowScores)


def measured() -> Outcome:
    """CPU share, Pss and latencies, by runtime."""
    if reason := lacking():
        return Outcome(missing=reason)
    values: dict[str, list[float]] = {}
    latencies_ms: list[float] = []
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, Mosquitto(Path(name), mosquitto_program()) as broker:
        broker.start()
        config = {"mqtt": {"host": broker.mqtt.host, "port": broker.port, "window": True}, "log_level": "error"}
        for _ in range(_ROUNDS):
            for runtime in installed_runtimes():
                with (
                    VirtualMicrophone() as microphone,
                    running(config, microphone.environment, runtime) as daemon,
                    Subscriber(broker.mqtt, "bench") as subscriber,
                ):
                    microphone.play(SAMPLE)
                    before = daemon.cpu_by_thread_s()
                    share, found_ms = _listened(daemon, subscriber)
                    after = daemon.cpu_by_thread_s()
                    values.setdefault(f"CPU share, {runtime} %", []).append(100 * share)
                    values.setdefault(f"Pss, {runtime} MB", []).append(daemon.memory_mb())
                    parts = daemon.memory_by_part_mb()
                    figures |= {f"Pss, {runtime}, {part}, MB": size_mb for part, size_mb in parts.items()}
                    if runtime == installed_runtimes()[0]:
                        latencies_ms += found_ms
                        for thread, spent_s in after.items():
                            share = 100 * (spent_s - before.get(thread, 0.0)) / (_SETTLE_S + _LISTEN_S)
                            figures[f"CPU share, {thread} %"] = share
    percentiles = np.percentile(latencies_ms, (50, 95, 99)).tolist()
    figures |= {f"latency p{p} ms": value for p, value in zip((50, 95, 99), percentiles, strict=True)}
    figures["windows received"] = float(len(latencies_ms))
    return Outcome(spreads={name: _all(found) for name, found in values.items()}, figures=figures)


def _listened(daemon: Daemon, subscriber: Subscriber) -> tuple[float, list[float]]:
    """CPU time over time, and milliseconds from the end of each window to its receipt."""
    _received(subscriber, _SETTLE_S)
    before_s, began_s = daemon.cpu_s(), time.monotonic()
    found_ms = _received(subscriber, _LISTEN_S)
    return (daemon.cpu_s() - before_s) / (time.monotonic() - began_s), found_ms


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
