"""Events through the publisher with its outbox on disk to a real mosquitto, until each is acknowledged.

publish(event/start) ──outbox, SQLite──► mosquitto ──PUBACK──► gone: events a second, and memory while it lasts
"""

import os
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.daemon import memory_mb
from benchmarks.result import Outcome, spread
from benchmarks.usage import own_peak_mb
from edged.config.structs import Config
from edged.contract.topics import EVENT_START
from edged.host.uuid7 import new_id
from edged.mqtt.publisher import Publisher
from edged.outbox.outbox import outbox_for
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program, wait_until
from tests.parts.broker.payloads import episode_start

_N_EVENTS, _N_ROUNDS = 4000, 6
_MAX_WAITING = 500  # half of a small outbox: no event is dropped
_WITHIN_S = 60.0


def measured() -> Outcome:
    """Events a second by round, their CPU time, and how much the memory grew after the first round."""
    rates: list[float] = []
    busy_s: list[float] = []
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as name, Mosquitto(Path(name), mosquitto_program()) as broker:
        broker.start()
        config = msgspec.structs.replace(Config(), state_dir=name, mqtt=broker.mqtt)
        with Publisher(broker.mqtt, "bench", outbox_for(config)) as publisher:
            wait_until(lambda: publisher.connected, "a connection")
            for _ in range(_N_ROUNDS):
                began_s, began_cpu_s = time.monotonic(), time.process_time()
                _send(publisher)
                rates.append(_N_EVENTS / (time.monotonic() - began_s))
                busy_s.append((time.process_time() - began_cpu_s) / _N_EVENTS)
                memory.append(memory_mb(os.getpid(), "Rss"))
            dropped = publisher.dropped
    spreads = {
        "events a second": spread(rates),
        "CPU time of an event, ms": spread([1000 * value for value in busy_s]),
    }
    figures = {
        "memory after the first round, MB": memory[0],
        f"memory gained by {_N_EVENTS * (_N_ROUNDS - 1):,} events more, MB": memory[-1] - memory[0],
        "peak, MB": own_peak_mb(),
        "events dropped": float(dropped),
    }
    return Outcome(spreads=spreads, figures=figures)


def _send(publisher: Publisher) -> None:
    """Send a round, with at most ``_MAX_WAITING`` events on their way."""
    event = episode_start("sad")
    for number in range(_N_EVENTS):
        publisher.publish(EVENT_START, msgspec.structs.replace(event, id=new_id()))
        if number % 100 == 0:
            wait_until(lambda: publisher.unacknowledged < _MAX_WAITING, "acknowledgements", _WITHIN_S)
    wait_until(lambda: not publisher.unacknowledged, "the last acknowledgement", _WITHIN_S)
