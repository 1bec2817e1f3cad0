"""Order, metrics and retained topics of the outbox, without a broker."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from edged.outbox.journal import Journal
from edged.outbox.message import Message
from edged.outbox.outbox import Outbox
from tests.parts.broker.mosquitto import wait_until
from tests.parts.broker.outboxes import event as numbered
from tests.parts.broker.waiting import event, moment, send, sent_all, state


def test_messages_leave_in_the_order_in_which_they_came() -> None:
    """First in, first out, for events and states together."""
    outbox = Outbox()
    for message in (event(1), state(2), event(3)):
        outbox.put(message)
    assert sent_all(outbox) == [b"1", b"2", b"3"]
    assert len(outbox) == 0


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
