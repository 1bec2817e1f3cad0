"""The limits of the outbox: what a full one drops, and what it keeps."""

import time

from edged.outbox.message import Message
from edged.outbox.outbox import Outbox
from tests.parts.broker.waiting import event, moment, send, sent_all, state


def test_no_more_is_in_flight_than_the_limit() -> None:
    """Further messages wait for an acknowledgement."""
    outbox = Outbox(in_flight_limit=2)
    for number in range(3):
        outbox.put(event(number))
    send(outbox, 1)
    send(outbox, 2)
    assert outbox.following() is None
    assert len(outbox) == 3
    outbox.acknowledged(1)
    assert outbox.following() == event(2)


def test_full_drops_the_oldest_event_and_counts_it() -> None:
    """After a long outage consumers want the newest; a retained payload takes no event's place."""
    outbox = Outbox(limit=2)
    outbox.put(state(0))
    for number in range(1, 5):
        outbox.put(event(number))
    assert outbox.dropped == 2
    assert sent_all(outbox) == [b"0", b"3", b"4"]


def test_full_keeps_what_is_in_flight() -> None:
    """Messages in flight are neither dropped nor counted."""
    outbox = Outbox(limit=1)
    outbox.put(event(1))
    send(outbox, 1)
    outbox.put(event(2))
    outbox.put(event(3))
    assert len(outbox) == 2
    assert outbox.dropped == 1


def test_megabytes_drop_the_oldest() -> None:
    """A payload counts with its overhead."""
    outbox = Outbox(limit_mb=0.001)
    for number in range(10):
        outbox.put(Message("event/start", b"%d" % number * 100, 1, kind="event"))
    assert outbox.dropped == 7
    assert [payload[:1] for payload in sent_all(outbox)] == [b"7", b"8", b"9"]


def test_age_drops_the_oldest() -> None:
    """Age uses the monotonic clock: a date that jumps drops nothing."""
    outbox = Outbox(limit_s=3600)
    now_s = time.monotonic()
    for number, age_s in enumerate((7200, 3601, 3000, 0)):
        outbox.put(Message("event/start", b"%d" % number, 1, kind="event", put_s=now_s - age_s))
    assert outbox.dropped == 2
    assert sent_all(outbox) == [b"2", b"3"]


def test_lost_connection_may_drop_what_was_in_flight() -> None:
    """In flight before, it waits again and counts against the limit."""
    outbox = Outbox(limit=2)
    outbox.put(event(1))
    send(outbox, 1)
    outbox.put(event(2))
    outbox.put(event(3))
    outbox.lost()
    assert outbox.dropped == 1
    assert sent_all(outbox) == [b"2", b"3"]


def test_many_events_are_sent_in_a_moment() -> None:
    """A hundred thousand waiting events take linear time."""
    outbox = Outbox(limit=100_000)
    for number in range(100_000):
        outbox.put(event(number))
    began_s = time.thread_time()
    assert len(sent_all(outbox)) == 100_000
    assert time.thread_time() - began_s < 10  # CPU time, independent of other load; 0.5 s was measured


def test_moments_are_bounded() -> None:
    """The oldest waiting ones are dropped."""
    outbox = Outbox()
    for number in range(150):
        outbox.put(moment(number))
    assert len(outbox) == 100
    assert outbox.following() == moment(50)
