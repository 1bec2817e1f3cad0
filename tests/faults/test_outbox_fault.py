"""No event lost, none out of order, every duplicate known: brokers and daemons that fail for real, under load.

    a replay's events, 50 a second ──► Relay ──► mosquitto ──► Consumer with a persistent session
        its process killed 30 times               killed, stopped, emptied, refusing: 20 times each

Each stop lasts 30 s, so that there are several of these at once, each with parts of its own, and 20 stops in all.

What is judged is the device, so a message that the broker acknowledged to the device must have reached the consumer
even if the broker dies in the same moment.  mosquitto writes to a subscriber's socket before it acknowledges to the
publisher (no limit in flight).  What is in the socket outlives it if the kernel has sent it, for which it is given the
moment that it needs (``kill_once_sent``), and if somebody reads it to its end: paho does not when its own
acknowledgements no longer go out, so the consumer has a relay too, which does.  All that holds only while the consumer
is connected, so the device's relay lets it back in only when the consumer's subscription is in force again.  The saved
session of a killed mosquitto adds duplicates of its own.

An event that was not on the disk when the daemon was killed had neither a number nor been published (commit_s 0): it is
as if the daemon had been killed a moment earlier.  So what was on the disk is what has to arrive, and nothing else may.
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
_LANES = 5
_STOPPED_S = 30.0
_STOPPED_SHARE = 0.2  # of a core: the most that a load may need while its broker is stopped; 0.01 is seen
_KILLS = 30
_USERS = {"load": "right", "consumer": "right"}
_EVENT = msgspec.json.Decoder(EpisodeStart | EpisodeEnd)


class Bench:
    """The parts of one test, with what the consumer has to have seen at the end."""

    def __init__(self, broker: Mosquitto, relay: Relay, consumer: Consumer, folder: Path, events: Path) -> None:
        self.broker, self.relay, self.consumer, self.folder, self.events = broker, relay, consumer, folder, events
        self.random = random.Random(f"{_SEED} {folder.name}")  # noqa: S311 -- moments for faults
        self.log = folder / "load.log"
        self.password_file = folder / "password"
        self.password_file.write_text(_USERS["load"])
        print(f"seed {_SEED}")

    def load(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the load; it is ready to publish."""
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
        """How often the load said that it was refused."""
        return self.log.read_text().count("refused (")

    def random_moment(self, most_s: float) -> None:
        """The fault comes whenever it comes."""
        threading.Event().wait(self.random.uniform(0, most_s))

    def wait_more(self) -> None:
        """Events come through again."""
        n_before = len(self.consumer.first_seen())
        wait_until(lambda: len(self.consumer.first_seen()) > n_before, "events after the fault", 30)

    def restart(self, users: dict[str, str] | None = None) -> None:
        """The broker comes back, to the consumer first."""
        self.relay.lets_in = False
        self.broker.kill_once_sent()
        wait_until(lambda: not self.consumer.subscribed, "the consumer knows")
        self.broker.start(users)
        wait_until(lambda: self.consumer.subscribed, "the consumer is back")
        self.relay.lets_in = True

    def end(self, load: subprocess.Popen[str]) -> int:
        """End the load as systemd does; how many events it has made."""
        load.send_signal(signal.SIGTERM)
        out, _ = load.communicate(timeout=60)
        assert load.returncode == 0, self.log.read_text()
        return int(out)

    def classifier(self) -> list[EpisodeStart | EpisodeEnd]:
        """None lost, none out of order, every duplicate known; what came, each once."""
        kept = [(_EVENT.decode(payload), acknowledged) for payload, acknowledged in history(self.folder / FILE)]
        assert all(acknowledged for _, acknowledged in kept)
        wait_until(lambda: kept[-1][0].id in {event.id for event in self.consumer.events}, "the last event", 30)
        seen = self.consumer.first_seen()
        ids = {event.id for event in seen}
        assert [event.seq for event, _ in kept if event.id not in ids] == []
        assert [event.id for event in seen] == [event.id for event, _ in kept]
        numbers = [event.seq for event in seen]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))  # type: ignore[arg-type,operator]
        by_number = {event.seq: event.id for event in self.consumer.events}
        assert all(by_number[event.seq] == event.id for event in self.consumer.events)
        assert "Traceback" not in self.log.read_text()
        n_twice = len(self.consumer.events) - len(seen)
        n_late = sum(event.replayed for event in seen)
        print(f"{len(seen)} events, {n_late} of them late, {n_twice} duplicates")
        return seen


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a replay of the demo's conversation prints."""
    command: list[str | Path] = [sys.executable, "-m", "edged", "replay", "--jsonl", SAMPLE]
    file = tmp_path_factory.mktemp("replay") / "events.jsonl"
    file.write_bytes(subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=_REPOSITORY, timeout=60).stdout)
    return file


@contextmanager
def set_up(broker: Mosquitto, folder: Path, events: Path) -> Iterator[Bench]:
    """A broker that saves, a consumer that is subscribed, and a folder for the outbox."""
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
    """One of each part."""
    with set_up(idle_mosquitto, tmp_path, events) as bench:
        yield bench


@pytest.fixture
def lanes(idle_mosquitto: Mosquitto, tmp_path: Path, events: Path) -> Iterator[list[Bench]]:
    """Several, which share nothing."""
    with ExitStack() as opened:
        folders = [tmp_path / f"lane-{number}" for number in range(_LANES)]
        yield [opened.enter_context(set_up(idle_mosquitto.another(folder), folder, events)) for folder in folders]


@contextmanager
def under_load(bench: Bench, commit_s: str = "0.5") -> Iterator[subprocess.Popen[str]]:
    """All that the load made has to come."""
    load = bench.load("--commit-s", commit_s)
    try:
        bench.wait_more()
        yield load
        n_events = bench.end(load)
    finally:
        load.kill()
        load.wait()
    assert len(bench.classifier()) == n_events


def test_broker_killed(bench: Bench) -> None:
    """As by a power cut, with what it has saved; it comes back at once or after a while."""
    with under_load(bench):
        for _ in range(_ROUNDS):
            bench.random_moment(0.5)
            bench.relay.lets_in = False
            bench.broker.kill_once_sent()
            bench.random_moment(0.5)
            bench.restart(_USERS)
            bench.wait_more()


def test_broker_restarted_empty(bench: Bench) -> None:
    """It knows neither the session of the consumer nor what was retained."""
    with under_load(bench):
        for _ in range(_ROUNDS):
            bench.random_moment(0.5)
            bench.relay.lets_in = False
            bench.broker.kill_once_sent()
            bench.broker.forget()
            bench.restart(_USERS)
            bench.wait_more()
        login = msgspec.structs.replace(bench.broker.mqtt, username="consumer", password_file=str(bench.password_file))
        with Subscriber(login, "load") as subscriber:  # the load has published its state once, before all faults
            wait_until(lambda: (got := subscriber.received(0.1)) and got.topic == "edged/load/emotion", "the state")


def test_broker_stopped(lanes: list[Bench]) -> None:
    """SIGSTOP for 30 s: sockets stay open and nothing answers for longer than the connection is kept."""
    with ThreadPoolExecutor(_LANES) as pool:
        shares = [share for found in pool.map(stopped_shares, lanes) for share in found]
    print("share of a core that the load needed while its broker was stopped:", *(f"{share:.2f}" for share in shares))
    assert len(shares) == _ROUNDS
    assert max(shares) < _STOPPED_SHARE


def stopped_shares(bench: Bench) -> list[float]:
    """Its part of all stops; the CPU time by time that the load needed in each."""
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
    """The CPU time that it has had."""
    fields = Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_broker_restarted_with_another_password(bench: Bench) -> None:
    """The device is refused until the password is right again, and is never taken for connected meanwhile."""
    with under_load(bench):
        for _ in range(_ROUNDS):
            bench.random_moment(0.3)
            n_refused = bench.n_refused
            bench.restart({**_USERS, "load": "wrong"})
            wait_until(lambda: bench.n_refused > n_refused, "refused", 30)  # noqa: B023 -- waited for at once
            n_seen = len(bench.consumer.events)
            bench.random_moment(0.3)
            assert len(bench.consumer.events) == n_seen
            bench.restart(_USERS)
            bench.wait_more()
    assert bench.n_refused == _ROUNDS  # a line for the change, none for each attempt


def test_daemon_killed(bench: Bench) -> None:
    """SIGKILL at any moment, half of the times with the broker away; with commit_s 0 nothing at all is lost."""
    for number in range(_KILLS):
        bench.relay.lets_in = number % 2 == 0
        load = bench.load()
        bench.random_moment(1.0)
        load.kill()
        load.communicate()
    bench.relay.lets_in = True
    load = bench.load("--settle")
    assert bench.end(load) == 0
    seen = bench.classifier()
    assert len(seen) > _KILLS * 0.25 * RATE_HZ
    ids = set[str]()
    for event in bench.consumer.events:  # whatever comes twice says that it may have come before
        assert event.id not in ids or event.replayed
        ids.add(event.id)


def test_daemon_killed_within_the_loss_window(bench: Bench) -> None:
    """With commit_s what is younger may be lost: numbers jump, none is given twice, and none goes back."""
    for _ in range(5):
        load = bench.load("--commit-s", "0.3")
        bench.wait_more()
        bench.random_moment(1.0)
        load.kill()
        load.communicate()
    load = bench.load("--settle")
    assert bench.end(load) == 0
    seen = bench.consumer.first_seen()
    numbers = [event.seq for event in seen]
    assert numbers == sorted(set(numbers))  # type: ignore[type-var]
    kept = {_EVENT.decode(payload).id for payload, _ in history(bench.folder / FILE)}
    wait_until(lambda: kept <= {event.id for event in bench.consumer.events}, "all that was on the disk")
