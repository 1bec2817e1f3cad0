"""Events that wait in the outbox while the broker is away: CPU time and memory against their number.

publish(event/start), n times ──outbox on disk, no broker──► CPU ms and memory; each size in a process of its own
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.daemon import memory_mb
from benchmarks.growth.child import child
from benchmarks.result import Curve, Outcome, Plot
from edged.config.structs import Config, Mqtt
from edged.contract.topics import EVENT_START
from edged.host.uuid7 import new_id
from edged.mqtt.publisher import Publisher
from edged.outbox.outbox import outbox_for
from tests.parts.broker.mosquitto import free_port
from tests.parts.broker.payloads import episode_start

_DEPTHS = (1000, 3000, 10_000)
_NAME = "benchmarks.growth.depth"


def measured() -> Outcome:
    """Two plots."""
    found = [child(_NAME, str(depth)) for depth in _DEPTHS]
    sizes = [float(depth) for depth in _DEPTHS]
    return Outcome(
        plots={
            "outbox": Plot(
                "CPU time of storing events while the broker is away",
                "events that wait",
                "ms",
                [Curve("edged, on disk", sizes, [one["ms"] for one in found])],
            ),
            "outbox-memory": Plot(
                "Memory of events that wait",
                "events that wait",
                "MB more than without them",
                [Curve("edged, on disk", sizes, [one["MB"] for one in found])],
            ),
        }
    )


def main(depth: int) -> None:
    """Store so many events, and print the figures."""
    with tempfile.TemporaryDirectory() as name:
        mqtt = Mqtt(host="127.0.0.1", port=free_port())
        outbox = outbox_for(msgspec.structs.replace(Config(), state_dir=str(Path(name)), mqtt=mqtt))
        event = episode_start("sad")
        with Publisher(mqtt, "bench", outbox) as publisher:
            before_mb, began_s = memory_mb(os.getpid(), "Rss"), time.process_time()
            for _ in range(depth):
                publisher.publish(EVENT_START, msgspec.structs.replace(event, id=new_id()))
            figures = {"ms": 1000 * (time.process_time() - began_s), "MB": memory_mb(os.getpid(), "Rss") - before_mb}
    sys.stdout.buffer.write(b"\n" + msgspec.json.encode(figures))


if __name__ == "__main__":
    main(int(sys.argv[1]))
