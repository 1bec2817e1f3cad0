"""No event that is on the disk is lost when the daemon is killed, at any moment.

    load, killed 30 times ──► Relay ──► mosquitto ──► Consumer

With commit_s 0, an event that was not on the disk when the daemon was killed had neither a number nor been published,
as if the kill had come a moment earlier.  So exactly the events on the disk have to arrive.
"""

from edged.outbox.reader import history
from tests.parts.broker.mosquitto import idle_mosquitto, wait_until
from tests.parts.faults.outbox_bench import EVENT, Bench, bench, events
from tests.tools.load import FILE, RATE_HZ

__all__ = ["bench", "events", "idle_mosquitto"]

_KILLS = 30


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
    stored = {EVENT.decode(payload).id for payload, _ in history(bench.folder / FILE)}
    wait_until(lambda: stored <= {event.id for event in bench.consumer.events}, "all that was on the disk")
