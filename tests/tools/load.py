"""Event load in a separate process that can be killed: a publisher with an outbox on disk.

    python -m tests.tools.load PORT FOLDER EVENTS ──► 50 events a second to the broker, until SIGTERM; count on stdout

EVENTS is output of ``edged replay --jsonl``; its events are published repeatedly, each time with a new id.  It
reconnects faster than the daemon, so a test can cause more faults in less time, and uses a keepalive of seconds, so it
notices a frozen broker.
"""

import argparse
import logging
import signal
import sys
import time
from itertools import cycle
from pathlib import Path

import msgspec

from edged.config.structs import Mqtt
from edged.contract.payloads import EpisodeEnd, EpisodeStart, WindowScores
from edged.contract.topics import EMOTION, EVENT_END, EVENT_START
from edged.host.uuid7 import new_id
from edged.mqtt import connection
from edged.mqtt.publisher import Publisher
from edged.outbox.journal import Journal
from edged.outbox.outbox import Outbox
from tests.parts.broker.mosquitto import wait_until
from tests.parts.broker.payloads import emotion_state

RATE_HZ = 50
NODE = "load"
FILE = "outbox.sqlite3"
_LIMIT = 20_000  # events; more than any test publishes
_KEEPALIVE_S = 5
SETTLE_S = 60.0
_LINE = msgspec.json.Decoder(EpisodeStart | EpisodeEnd | WindowScores)


def main() -> int:
    """Publish events; with ``--settle`` only those already in the outbox."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("events", type=Path)
    parser.add_argument("--commit-s", type=float, default=0.0)
    parser.add_argument("--password-file", default="")
    parser.add_argument("--settle", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level="INFO")
    vars(connection).update(_FIRST_S=0.1, _LONGEST_S=0.4)
    stop: list[int] = []  # no Event: set by a handler that interrupts its wait, it would wait for its own lock
    signal.signal(signal.SIGTERM, lambda number, _frame: stop.append(number))
    mqtt = Mqtt(
        host="127.0.0.1",
        port=arguments.port,
        keepalive_s=_KEEPALIVE_S,
        username=NODE if arguments.password_file else "",
        password_file=arguments.password_file,
    )
    journal = Journal(arguments.folder / FILE, limit=_LIMIT, commit_s=arguments.commit_s)
    n_events = 0
    with Publisher(mqtt, NODE, Outbox(limit=_LIMIT, journal=journal)) as publisher:
        print("ready", flush=True)
        if not arguments.settle:
            n_events = _publish(publisher, arguments.events, stop)
        wait_until(lambda: publisher.connected and publisher.unacknowledged == 0, "all acknowledged", SETTLE_S)
    print(n_events, flush=True)
    return int(publisher.dropped > 0)


def _publish(publisher: Publisher, replayed: Path, stop: list[int]) -> int:
    lines = [_LINE.decode(line) for line in replayed.read_bytes().splitlines()]
    events = [line for line in lines if not isinstance(line, WindowScores)]
    publisher.publish(EMOTION, emotion_state("sad"))
    began_s = time.monotonic()
    for number, event in enumerate(cycle(events)):
        time.sleep(max(0.0, began_s + number / RATE_HZ - time.monotonic()))
        if stop:
            return number
        topic = EVENT_START if isinstance(event, EpisodeStart) else EVENT_END
        publisher.publish(topic, msgspec.structs.replace(event, id=new_id()))
    raise AssertionError("the replay had no events")


if __name__ == "__main__":
    sys.exit(main())
