"""No event is lost or reordered, and every duplicate is marked, while the broker really fails, under load.

load ──► Relay ──► mosquitto: killed, emptied, refusing, 20 times each ──► Consumer
"""

import msgspec

from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import idle_mosquitto, wait_until
from tests.parts.faults.outbox_bench import USERS, Bench, bench, events, under_load

__all__ = ["bench", "events", "idle_mosquitto"]

_ROUNDS = 20


def test_broker_killed(bench: Bench) -> None:
    """The broker is killed with saved state and comes back at once or later."""
    with under_load(bench):
        for _ in range(_ROUNDS):
            bench.random_moment(0.5)
            bench.relay.lets_in = False
            bench.broker.kill_once_sent()
            bench.random_moment(0.5)
            bench.restart(USERS)
            bench.wait_more()


def test_broker_restarted_empty(bench: Bench) -> None:
    """The broker restarts without the consumer's session and without retained messages."""
    with under_load(bench):
        for _ in range(_ROUNDS):
            bench.random_moment(0.5)
            bench.relay.lets_in = False
            bench.broker.kill_once_sent()
            bench.broker.forget()
            bench.restart(USERS)
            bench.wait_more()
        login = msgspec.structs.replace(bench.broker.mqtt, username="consumer", password_file=str(bench.password_file))
        with Subscriber(login, "load") as subscriber:  # the load published its state once, before all faults
            wait_until(lambda: (got := subscriber.received(0.1)) and got.topic == "edged/load/emotion", "the state")


def test_broker_restarted_with_another_password(bench: Bench) -> None:
    """A device with a wrong password is refused until it is right again, and never counts as connected."""
    with under_load(bench):
        for _ in range(_ROUNDS):
            bench.random_moment(0.3)
            n_refused = bench.n_refused
            bench.restart({**USERS, "load": "wrong"})
            wait_until(lambda: bench.n_refused > n_refused, "refused")  # noqa: B023 -- waited for at once
            n_before = len(bench.consumer.events)
            bench.random_moment(0.3)
            assert len(bench.consumer.events) == n_before
            bench.restart(USERS)
            bench.wait_more()
    assert bench.n_refused == _ROUNDS  # one line per change, not per attempt
