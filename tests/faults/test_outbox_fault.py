"""No event is lost or reordered, and every duplicate is marked: brokers and daemons really fail, under load.

    a replay's events, 50 a second ──► Relay ──► mosquitto ──► Consumer with a persistent session
        its process killed 30 times               killed, stopped, emptied, refusing: 20 times each

Each freeze lasts 15 s, so several run at once, each with its own parts: 20 freezes in all.

The device is under test, so a message that the broker acknowledged to the device must reach the consumer even if the
broker dies at that moment.  mosquitto writes to a subscriber's socket before it acknowledges to the publisher (no
limit in flight).  Data in the socket survives if the kernel has sent it, for which ``kill_once_sent`` waits, and if
somebody reads it to the end: paho stops reading when its own acknowledgements fail, so the consumer has a relay too,
which does not.  All this holds only while the consumer is connected, so the device's relay accepts it only once the
consumer's subscription is in force again.  The saved session of a killed mosquitto adds duplicates of its own.

With commit_s 0, an event that was not on the disk when the daemon was killed had neither a number nor been published,
as if the kill had come a moment earlier.  So exactly the events on the disk have to arrive.
"""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from edged.contract.payloads import EpisodeEnd, EpisodeStart
from edged.demo.sample import SAMPLE
from edged.mqtt.subscriber import Subscriber
from edged.outbox.reader import history
from tests.parts.broker.consumer import Consumer
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, wait_until
from tests.parts.broker.relay import Relay
from tests.tools.load import FILE, RATE_HZ

__all__ = ["idle_mosquitto"]


_SEED = int(os.environ.get("EDGED_SEED", "20261121"))
_REPOSITORY = Path(__file__).parents[2]
_ROUNDS = 20
_LANES = 10
_STOPPED_S = 15.0  # three times the keepalive of the load
_STOPPED_SHARE = 0.2  # of a core: limit for the load while its broker is frozen; 0.01 was measured
_KILLS = 30
_USERS = {"load": "right", "consumer": "right"}
_EVENT = msgspec.json.Decoder(EpisodeStart | EpisodeEnd)


class Bench:
    """Parts of one test, and the checks on what the consumer received."""

    def __init__(self, broker: Mosquitto, relay: Relay, consumer: Consumer, folder: Path, events: Path) -> None:
        self.broker, self.relay, self.consumer, self.folder, self.events = broker, relay, consumer, folder, events
        self.random = random.Random(f"{_SEED} {folder.name}")  # noqa: S311 -- times of faults
        self.log = folder / "load.log"
        self.password_file = folder / "password"
        self.password_file.write_text(_USERS["load"])
        print(f"seed {_SEED}")

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
        out, _ = load.communicate(timeout=60)
        assert load.returncode == 0, self.log.read_text()
        return int(out)

    def check(self) -> list[EpisodeStart | EpisodeEnd]:
        """Check that no event is lost or reordered and duplicates are marked; returns each event once."""
        stored = [(_EVENT.decode(payload), acknowledged) for payload, acknowledged in history(self.folder / FILE)]
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
        print(f"{len(received)} events, {n_late} of them late, {n_twice} duplicates")
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
    broker.start(_USERS)
    try:
        with (
            Relay(broker.port).start() as relay,
            Relay(broker.port).start() as to_consumer,
            Consumer(to_consumer.port, "consumer", _USERS["consumer"]) as consumer,
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


@pytest.fixture
def lanes(idle_mosquitto: Mosquitto, tmp_path: Path, events: Path) -> Iterator[list[Bench]]:
    """Several independent benches."""
    with ExitStack() as opened:
        folders = [tmp_path / f"lane-{number}" for number in range(_LANES)]
        yield [opened.enter_context(set_up(idle_mosquitto.another(folder), folder, events)) for folder in folders]


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


def test_broker_killed(bench: Bench) -> None:
    """The broker is killed with saved state and comes back at once or later."""
    with under_load(bench):
        for _ in range(_ROUNDS):
            bench.random_moment(0.5)
            bench.relay.lets_in = False
            bench.broker.kill_once_sent()
            bench.random_moment(0.5)
            bench.restart(_USERS)
            bench.wait_more()


def test_broker_restarted_empty(bench: Bench) -> None:
    """The broker restarts without the consumer's session and without retained messages."""
    with under_load(bench):
        for _ in range(_ROUNDS):
            bench.random_moment(0.5)
            bench.relay.lets_in = False
            bench.broker.kill_once_sent()
            bench.broker.forget()
            bench.restart(_USERS)
            bench.wait_more()
        login = msgspec.structs.replace(bench.broker.mqtt, username="consumer", password_file=str(bench.password_file))
        with Subscriber(login, "load") as subscriber:  # the load published its state once, before all faults
            wait_until(lambda: (got := subscriber.received(0.1)) and got.topic == "edged/load/emotion", "the state")


def test_broker_stopped(lanes: list[Bench]) -> None:
    """The broker is frozen for 15 s: sockets stay open, and nothing responds for longer than the keepalive."""
    with ThreadPoolExecutor(_LANES) as pool:
        shares = [share for lane_shares in pool.map(stopped_shares, lanes) for share in lane_shares]
    print("share of a core that the load needed while its broker was stopped:", *(f"{share:.2f}" for share in shares))
    assert len(shares) == _ROUNDS
    assert max(shares) < _STOPPED_SHARE


def stopped_shares(bench: Bench) -> list[float]:
    """CPU share of the load during each freeze of this bench."""
    shares = []
    with under_load(bench) as load:
        for _ in range(_ROUNDS // _LANES):
            bench.random_moment(3.0)
            before_s = cpu_s(load)
            bench.broker.pause()
            threading.Event().wait(_STOPPED_S)
            shares.append((cpu_s(load) - before_s) / _STOPPED_S)
            bench.broker.resume()
            bench.wait_more()
    assert any(event.replayed for event in bench.consumer.events)
    return shares


def cpu_s(running: subprocess.Popen[str]) -> float:
    """CPU time used so far."""
    fields = Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_broker_restarted_with_another_password(bench: Bench) -> None:
    """A device with a wrong password is refused until it is right again, and never counts as connected."""
    with under_load(bench):
        for _ in range(_ROUNDS):
            bench.random_moment(0.3)
            n_refused = bench.n_refused
            bench.restart({**_USERS, "load": "wrong"})
            wait_until(lambda: bench.n_refused > n_refused, "refused")  # noqa: B023 -- waited for at once
            n_before = len(bench.consumer.events)
            bench.random_moment(0.3)
            assert len(bench.consumer.events) == n_before
            bench.restart(_USERS)
            bench.wait_more()
    assert bench.n_refused == _ROUNDS  # one line per change, not per attempt


def test_daemon_killed(bench: Bench) -> None:
    """SIGKILL at any moment, half of the time while the broker is away; with commit_s 0 no event is lost."""
    for number in range(_KILLS):
        bench.relay.lets_in = number % 2 == 0
        load = bench.load()
        bench.random_moment(1.0)
        load.kill()
        load.communicate()
    bench.relay.lets_in = True
    load = bench.load("--settle")
    assert bench.end(load) == 0
    received = bench.check()
    assert len(received) > _KILLS * 0.05 * RATE_HZ  # half a second of them each, less on a loaded machine
    ids = set[str]()
    for event in bench.consumer.events:  # a duplicate is marked as a possible repeat
        assert event.id not in ids or event.replayed
        ids.add(event.id)


def test_daemon_killed_within_the_loss_window(bench: Bench) -> None:
    """With commit_s > 0 recent events may be lost: numbers may jump, but never repeat or go back."""
    for _ in range(5):
        load = bench.load("--commit-s", "0.3")
        bench.wait_more()
        bench.random_moment(1.0)
        load.kill()
        load.communicate()
    load = bench.load("--settle")
    assert bench.end(load) == 0
    received = bench.consumer.first_seen()
    numbers = [event.seq for event in received]
    assert numbers == sorted(set(numbers))  # type: ignore[type-var]
    stored = {_EVENT.decode(payload).id for payload, _ in history(bench.folder / FILE)}
    wait_until(lambda: stored <= {event.id for event in bench.consumer.events}, "all that was on the disk")
