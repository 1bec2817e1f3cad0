"""A thousand nodes and a hundred places on one hub: messages a second, latency, CPU and memory.

    states of nodes ──mosquitto──► edged hub ──► moods; the figures are the hub's own, from its topic ``hub``

First the load of a fleet in which one node in ten picks up speech, two states a second each; then as many states as
this sender can send.  Latency is from a message's arrival to its place's new mood.
"""

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.result import Outcome
from edged.config.structs import Mqtt
from edged.contract.mood import HubHealth
from edged.contract.payloads import encoded
from edged.mqtt.connection import Connection
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.hub import node_state
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program, wait_until

N_NODES, N_PLACES = 1000, 100
_PERIOD_S = 5  # of the hub's metrics, the shortest
_FLEET_PER_S = 200.0
_PHASE_S = 15.0
_LABELS = ("angry", "neutral", "sad", "happy")


class Figures(NamedTuple):
    """Of one phase."""

    per_s: float  # messages accepted by the hub
    health: HubHealth


def measured() -> Outcome:
    """Figures of both phases."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        for title, (per_s, health) in _phases(Path(name)):
            inputs = health.inputs
            figures |= {
                f"{title}: messages/s": per_s,
                f"{title}: latency p50, ms": 1000 * (health.latency_p50_s or 0),
                f"{title}: latency p95, ms": 1000 * (health.latency_p95_s or 0),
                f"{title}: cores of the hub": health.cpu_share,
                f"{title}: memory of the hub, MB": health.resident_mb,
                f"{title}: ignored messages": float(sum(msgspec.structs.astuple(inputs)) - inputs.accepted),
            }
    return Outcome(figures=figures)


def _phases(folder: Path) -> Iterator[tuple[str, Figures]]:
    with Mosquitto(folder, mosquitto_program()) as broker:
        broker.start()
        with (
            _hub(folder, broker.mqtt),
            Subscriber(broker.mqtt, "hub-bench") as subscriber,
            Connection(broker.mqtt, "edged-bench") as sender,
        ):
            wait_until(lambda: sender.connected and subscriber.connected, "the connections")
            _health(subscriber)
            yield "fleet", _phase(sender, subscriber, _FLEET_PER_S)
            yield "as fast as it can", _phase(sender, subscriber, float("inf"))


@contextmanager
def _hub(folder: Path, mqtt: Mqtt) -> Iterator[None]:
    """``edged hub`` with all places."""
    each = N_NODES // N_PLACES
    places = {
        f"place{number}": {
            "voice": [f"n{number * each + node}" for node in range(each)],
            "inputs": [{"kind": "label", "topic": f"cam/{number}"}],
        }
        for number in range(N_PLACES)
    }
    config = folder / "hub.yaml"
    content = {
        "mqtt": {"host": mqtt.host, "port": mqtt.port},
        "health_s": _PERIOD_S,
        "log_level": "error",
        "hub": {"name": "hub-bench", "places": places},
    }
    config.write_bytes(msgspec.json.encode(content))  # JSON is YAML
    hub = subprocess.Popen([sys.executable, "-m", "edged", "hub", "--config", config])
    try:
        yield
    finally:
        hub.terminate()
        hub.wait(15)


def _phase(sender: Connection, subscriber: Subscriber, per_s: float) -> Figures:
    """Send for some seconds, and return what the hub says of the last period."""
    began_s = time.monotonic()
    healths: list[tuple[float, HubHealth]] = []
    payloads: list[bytes] = []
    for number in itertools.count():
        elapsed_s = time.monotonic() - began_s
        if elapsed_s >= _PHASE_S and len(healths) > 1:
            break
        if number % N_NODES == 0:  # with the time of now
            payloads = [encoded(node_state(label, time.time(), level_dbfs=-40)) for label in _LABELS]
        if number > elapsed_s * per_s:
            time.sleep(0.002)
        node = number % N_NODES
        sender.send(f"edged/n{node}/emotion", payloads[(number // N_NODES) % len(payloads)], 0, retained=False)
        if number % 50 == 0:
            healths += _new(subscriber)
    (first_s, first), (last_s, last) = healths[-2:]
    return Figures((last.inputs.accepted - first.inputs.accepted) / (last_s - first_s), last)


def _health(subscriber: Subscriber) -> None:
    """Wait for the hub's first metrics."""
    wait_until(lambda: _new(subscriber), "the hub's metrics", 60)


def _new(subscriber: Subscriber) -> list[tuple[float, HubHealth]]:
    """Metrics that have arrived since, each with its time."""
    found = []
    while message := subscriber.received(0):
        if message.topic == "edged/hub-bench/hub" and not message.retained:
            found.append((time.monotonic(), msgspec.json.decode(message.payload, type=HubHealth)))
    return found
