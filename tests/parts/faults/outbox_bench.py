"""Parts of the tests of the outbox under faults: a load, a broker, a consumer, and what must have arrived.

    a replay's events, 50 a second ──► Relay ──► mosquitto ──► Consumer with a persistent session

The device is under test, so a message that the broker acknowledged to the device must reach the consumer even if the
broker dies at that moment.  mosquitto writes to a subscriber's socket before it acknowledges to the publisher (no
limit in flight).  Data in the socket survives if the kernel has sent it, for which ``kill_once_sent`` waits, and if
somebody reads it to the end: paho stops reading when its own acknowledgements fail, so the consumer has a relay too,
which does not.  All this holds only while the consumer is connected, so the device's relay accepts it only once the
consumer's subscription is in force again.  The saved session of a killed mosquitto adds duplicates of its own.
"""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from edged.contract.payloads import EpisodeEnd, EpisodeStart
from edged.demo.sample import SAMPLE
from edged.outbox.reader import history
from tests.parts.broker.consumer import Consumer
from tests.parts.broker.mosquitto import Mosquitto, wait_until
from tests.parts.broker.relay import Relay
from tests.tools.load import FILE, SETTLE_S

USERS = {"load": "right", "consumer": "right"}
EVENT = msgspec.json.Decoder(EpisodeStart | EpisodeEnd)
_SEED = int(os.environ.get("EDGED_SEED", "20261121"))
_REPOSITORY = Path(__file__).parents[3]


class Bench:
    """Parts of one test, and the checks on what the consumer received."""

    def __init__(self, broker: Mosquitto, relay: Relay, consumer: Consumer, folder: Path, events: Path) -> None:
        self.broker, self.relay, self.consumer, self.folder, self.events = broker, relay, consumer, folder, events
        self.random = random.Random(f"{_SEED} {folder.name}")  # noqa: S311 -- times of faults
        self.log = folder / "load.log"
        self.password_file = folder / "password"
        self.password_file.write_text(USERS["load"])
        print(f"seed {_SEED}")  # noqa: T201 -- pytest shows it where a test fails

    def load(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the load and wait until it is ready to publish."""
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "tests.tools.load",
            f"{self.relay.port}",
            self.folder,
            self.events,
            *arguments,
        ]
        command += ["--password-file", self.password_file]
        with self.log.open("a") as log:
            load = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert load.stdout is not None
        assert load.stdout.readline() == "ready\n", self.log.read_text()
        return load

    @property
    def n_refused(self) -> int:
        """Number of refusals that the load has logged."""
        return self.log.read_text().count("refused (")

    def random_moment(self, max_s: float) -> None:
        """Wait for a random time before the fault."""
        threading.Event().wait(self.random.uniform(0, max_s))

    def wait_more(self) -> None:
        """Wait until events arrive again."""
        n_before = len(self.consumer.first_seen())
        wait_until(lambda: len(self.consumer.first_seen()) > n_before, "events after the fault")

    def restart(self, users: dict[str, str] | None = None) -> None:
        """Restart the broker; the consumer reconnects first."""
        self.relay.lets_in = False
        self.broker.kill_once_sent()
        wait_until(lambda: not self.consumer.subscribed, "the consumer knows")
        self.broker.start(users)
        wait_until(lambda: self.consumer.subscribed, "the consumer is back")
        self.relay.lets_in = True

    def end(self, load: subprocess.Popen[str]) -> int:
        """End the load with SIGTERM; returns the number of events it made."""
        load.send_signal(signal.SIGTERM)
        out, _ = load.communicate(timeout=SETTLE_S + 30)  # it gives up first, and its log says why
        assert load.returncode == 0, self.log.read_text()
        return int(out)

    def check(self) -> list[EpisodeStart | EpisodeEnd]:
        """Check that no event is lost or reordered and duplicates are marked; returns each event once."""
        stored = [(EVENT.decode(payload), acknowledged) for payload, acknowledged in history(self.folder / FILE)]
        assert all(acknowledged for _, acknowledged in stored)
        wait_until(lambda: stored[-1][0].id in {event.id for event in self.consumer.events}, "the last event")
        received = self.consumer.first_seen()
        ids = {event.id for event in received}
        assert [event.seq for event, _ in stored if event.id not in ids] == []
        assert [event.id for event in received] == [event.id for event, _ in stored]
        numbers = [event.seq for event in received]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))  # type: ignore[arg-type,operator]
        by_number = {event.seq: event.id for event in self.consumer.events}
        assert all(by_number[event.seq] == event.id for event in self.consumer.events)
        assert "Traceback" not in self.log.read_text()
        n_twice = len(self.consumer.events) - len(received)
        n_late = sum(event.replayed for event in received)
        print(f"{len(received)} events, {n_late} of them late, {n_twice} duplicates")  # noqa: T201 -- the same
        return received


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output of a replay of the demo conversation."""
    command: list[str | Path] = [sys.executable, "-m", "edged", "replay", "--jsonl", SAMPLE]
    file = tmp_path_factory.mktemp("replay") / "events.jsonl"
    file.write_bytes(subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=_REPOSITORY, timeout=60).stdout)
    return file


@contextmanager
def set_up(broker: Mosquitto, folder: Path, events: Path) -> Iterator[Bench]:
    """A persistent broker, a subscribed consumer, and a folder for the outbox."""
    broker.persistent = True
    broker.start(USERS)
    try:
        with (
            Relay(broker.port).start() as relay,
            Relay(broker.port).start() as to_consumer,
            Consumer(to_consumer.port, "consumer", USERS["consumer"]) as consumer,
        ):
            wait_until(lambda: consumer.subscribed, "subscribed")
            yield Bench(broker, relay, consumer, folder, events)
    finally:
        broker.kill()


@pytest.fixture
def bench(idle_mosquitto: Mosquitto, tmp_path: Path, events: Path) -> Iterator[Bench]:
    """One bench."""
    with set_up(idle_mosquitto, tmp_path, events) as bench:
        yield bench


@contextmanager
def under_load(bench: Bench, commit_s: str = "0.5") -> Iterator[subprocess.Popen[str]]:
    """Run the load, then check that all its events arrive."""
    load = bench.load("--commit-s", commit_s)
    try:
        bench.wait_more()
        yield load
        n_events = bench.end(load)
    finally:
        load.kill()
        load.wait()
    assert len(bench.check()) == n_events
