"""Order, limits and retained topics of the outbox, without a broker."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from edged.outbox.journal import Journal
from edged.outbox.message import Message
from edged.outbox.outbox import Outbox
from tests.parts.broker.mosquitto import wait_until
from tests.parts.broker.outboxes import event as numbered


def event(number: int) -> Message:
    """An event identified by its number."""
    return Message("edged/a/event/start", b"%d" % number, 1, kind="event")


def state(number: int, topic: str = "edged/a/emotion") -> Message:
    """A retained payload identified by its number."""
    return Message(topic, b"%d" % number, 1, kind="state")


def send(outbox: Outbox, mid: int) -> None:
    """Send the next message as ``mid``."""
    assert outbox.following() is not None
    outbox.sent(mid)


def sent_all(outbox: Outbox) -> list[bytes]:
    """Everything that may be sent, acknowledged at once."""
    payloads = []
    while message := outbox.following():
        outbox.sent(7)
        outbox.acknowledged(7)
        payloads.append(message.payload)
    return payloads


def test_messages_leave_in_the_order_in_which_they_came() -> None:
    """First in, first out, for events and states together."""
    outbox = Outbox()
    for message in (event(1), state(2), event(3)):
        outbox.put(message)
    assert sent_all(outbox) == [b"1", b"2", b"3"]
    assert len(outbox) == 0


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


def test_retained_topic_keeps_only_its_newest_payload() -> None:
    """An outdated state is never sent."""
    outbox = Outbox()
    for message in (state(1), event(2), state(3), state(4, "edged/a/health")):
        outbox.put(message)
    assert sent_all(outbox) == [b"2", b"3", b"4"]


def test_renew_sends_every_retained_topic_again_and_no_event() -> None:
    """A broker that lost its retained messages gets them again."""
    outbox = Outbox()
    for message in (state(1), event(2), state(3, "edged/a/health")):
        outbox.put(message)
    sent_all(outbox)
    outbox.put(state(4))
    outbox.renew()
    assert sent_all(outbox) == [b"4", b"3"]


def test_unknown_acknowledgement_is_ignored() -> None:
    """The connection sends messages of its own, such as availability."""
    outbox = Outbox()
    outbox.put(event(1))
    outbox.acknowledged(99)
    assert len(outbox) == 1


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


def test_lost_connection_sends_events_again_first_and_in_order() -> None:
    """Messages in flight go before waiting ones, as before; an old state is not repeated."""
    outbox = Outbox(in_flight_limit=3)
    for message in (event(1), state(2), event(3), event(4), event(5)):
        outbox.put(message)
    for mid in (11, 12, 13):
        send(outbox, mid)
    outbox.acknowledged(11)
    outbox.lost()
    outbox.acknowledged(13)  # late, from the old connection
    assert len(outbox) == 3
    first = outbox.following()
    assert first is not None
    assert first.late
    assert sent_all(outbox) == [b"3", b"4", b"5"]


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


def test_metrics_have_depth_age_and_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    """States do not count, since replacing them loses nothing; latency is only of events caused by a window.

    Latency is measured from the end of that window.
    """
    now_s = 5000.0
    monkeypatch.setattr("edged.outbox.outbox.time", SimpleNamespace(monotonic=lambda: now_s, time=time.time))
    outbox = Outbox()
    assert outbox.metrics().latency_p50_s is None
    outbox.put(state(0))
    for number, age_s in enumerate((100.0, 2.0, 2.0, 0.0)):
        outbox.put(Message("event/start", b"%d" % number, 1, kind="event", put_s=now_s - age_s))
    figures = outbox.metrics()
    assert figures.depth == 4
    assert figures.oldest_s == 100.0
    assert (figures.dropped, figures.on_disk, figures.fault) == (0, False, "")
    sent_all(outbox)
    assert outbox.metrics().latency_p50_s is None  # no window caused these
    for age_s in (30.0, 10.0, 20.0):
        outbox.put(Message("event/end", b"", 1, kind="event", captured_s=now_s - age_s))
    sent_all(outbox)
    figures = outbox.metrics()
    assert figures.depth == 0
    assert (figures.latency_p50_s, figures.latency_p95_s) == (20.0, 30.0)


def test_many_events_are_sent_in_a_moment() -> None:
    """A hundred thousand waiting events take linear time."""
    outbox = Outbox(limit=100_000)
    for number in range(100_000):
        outbox.put(event(number))
    began_s = time.thread_time()
    assert len(sent_all(outbox)) == 100_000
    assert time.thread_time() - began_s < 10  # CPU time, independent of other load; 0.5 s was measured


def test_journal_keeps_and_forgets_what_the_outbox_does(tmp_path: Path) -> None:
    """Acknowledged and dropped events do not come back; a waiting one does, marked late and only once written."""
    path = tmp_path / "outbox.sqlite3"
    outbox = Outbox(limit=3, journal=Journal(path))
    outbox.open(lambda: None)
    events = [numbered(outbox.next_seq()) for _ in range(5)]
    for message in events:
        outbox.put(message)
    wait_until(outbox.following, "on disk")
    send(outbox, 1)
    outbox.acknowledged(1)
    assert outbox.on_disk
    outbox.close()
    assert outbox.dropped == 2
    again = Outbox(limit=3, journal=Journal(path))
    again.open(lambda: None)
    assert len(again) == 2
    first = again.following()
    assert first == events[3].delayed()
    assert again.metrics().oldest_s >= 0
    send(again, 1)
    again.acknowledged(1)
    assert again.metrics().latency_p50_s is None  # it is older than this process
    again.close()


def test_state_does_not_wait_for_the_disk() -> None:
    """A hung disk holds events back (commit_s 0), but not the states that would report it."""
    journal = Journal(Path("/nowhere"))  # not opened, so it writes nothing
    outbox = Outbox(journal=journal)
    journal._ledger.horizon = 0  # noqa: SLF001 -- a hang cannot be caused here
    outbox.put(numbered(outbox.next_seq()))
    assert outbox.following() is None
    outbox.put(state(1))
    outbox.put(state(2, "edged/a/health"))
    assert sent_all(outbox) == [b"1", b"2"]
    assert len(outbox) == 1
    assert outbox.following() is None


def moment(number: int) -> Message:
    """A short-lived message among many, such as a window."""
    return Message("level", b"%d" % number, 0, kind="moment")


def test_moments_go_in_order_and_are_not_sent_again() -> None:
    """Those in flight at a lost connection are dropped and do not count as lost events."""
    outbox = Outbox()
    outbox.put(moment(1))
    outbox.put(moment(2))
    assert outbox.following() == moment(1)
    outbox.sent(1)
    outbox.lost()
    outbox.renew()
    assert outbox.following() == moment(2)
    assert (outbox.metrics().depth, outbox.dropped) == (0, 0)


def test_moments_do_not_wait_for_a_broker() -> None:
    """Without a broker they are dropped; events and states are not."""
    outbox = Outbox()
    for message in (moment(1), Message("emotion", b"1", 1, kind="state"), moment(2)):
        outbox.put(message)
    outbox.forget_moments()
    assert len(outbox) == 1


def test_moments_are_bounded() -> None:
    """The oldest waiting ones are dropped."""
    outbox = Outbox()
    for number in range(150):
        outbox.put(moment(number))
    assert len(outbox) == 100
    assert outbox.following() == moment(50)
