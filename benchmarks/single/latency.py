"""From the arrival of a window's last sample to a subscriber, where the microphone is on time.

    speech, a stride every 0.1 s ──Daemon──► Publisher ──► mosquitto ──► Subscriber: receipt minus arrival

Without a sound system in between: what the virtual microphone of `live` adds is its own.  The subscriber runs in this
process, so its thread and the pipeline's wait for each other at times.
"""

import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.result import Outcome
from benchmarks.single.pipeline import Chunk, Memory
from benchmarks.single.window import speech_only
from benchmarks.sound import conversation
from edged.config.structs import Config, Mqtt
from edged.features.logmel import Floats
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.mqtt.publisher import Publisher
from edged.mqtt.subscriber import Subscriber
from edged.pipeline.daemon import Daemon
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program, wait_until

_PERIOD_S, _N_WINDOWS, _N_FIRST = 0.1, 200, 10


class _OnTime(Memory):
    """Hands over a stride when it is due; ``arrived_s`` has the monotonic clock at each."""

    def __init__(self, speech: Floats) -> None:
        super().__init__(speech)
        self.arrived_s: list[float] = []
        self._due_s = time.monotonic()

    def read(self, timeout_s: float) -> Chunk:
        """The next stride, on time."""
        self._due_s += _PERIOD_S
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        self.arrived_s.append(time.monotonic())
        return super().read(timeout_s)


def measured() -> Outcome:
    """Percentiles over the windows after the first ones."""
    speech, _ = speech_only(conversation())
    with tempfile.TemporaryDirectory() as name, Mosquitto(Path(name), mosquitto_program()) as broker:
        broker.start()
        mqtt = Mqtt(host=broker.mqtt.host, port=broker.port, window=True)
        source = _OnTime(speech)
        received_s: list[float] = []
        with Publisher(mqtt, "bench") as publisher, Subscriber(mqtt, "bench") as subscriber:
            wait_until(lambda: publisher.connected and subscriber.connected, "the connections")
            reader = threading.Thread(target=_receive, args=(subscriber, received_s))
            reader.start()
            daemon = Daemon(Config(), load_bundle(DEFAULT_BUNDLE), source, publisher)
            source.more(_N_WINDOWS + _N_FIRST)
            daemon.run(source.stop)
            reader.join()
    # The newest window is that of the newest stride.
    pairs = zip(received_s[::-1], source.arrived_s[::-1], strict=False)
    latencies_ms = [1000 * (receipt_s - arrival_s) for receipt_s, arrival_s in pairs][:_N_WINDOWS]
    percentiles = np.percentile(latencies_ms, (50, 95, 99)).tolist()
    figures = {f"latency p{p} ms": value for p, value in zip((50, 95, 99), percentiles, strict=True)}
    return Outcome(figures=figures | {"windows": float(len(latencies_ms))})


def _receive(subscriber: Subscriber, received_s: list[float]) -> None:
    """Until nothing has come for a second."""
    while message := subscriber.received(5.0 if not received_s else 1.0):
        if message.topic.endswith("/window"):
            received_s.append(time.monotonic())
