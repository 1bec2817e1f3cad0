"""Order, bounds and retained topics of the outbox; no broker needed."""

from edged.mqtt.message import Message
from edged.mqtt.outbox import Outbox


def event(number: int) -> Message:
    """An event that is known by its number."""
    return Message("edged/a/event/start", b"%d" % number, 1, retained=False)


def state(number: int, topic: str = "edged/a/emotion") -> Message:
    """A retained payload that is known by its number."""
    return Message(topic, b"%d" % number, 1, retained=True)


def sent_all(outbox: Outbox) -> list[bytes]:
    """Everything that may be sent, acknowledged at once."""
    payloads = []
    while message := outbox.following():
        outbox.sent(7)
        outbox.acknowledged(7)
        payloads.append(message.payload)
    return payloads


def test_messages_leave_in_the_order_in_which_they_came() -> None:
    """First in, first out, events and states together."""
    outbox = Outbox()
    for message in (event(1), state(2), event(3)):
        outbox.put(message)
    assert sent_all(outbox) == [b"1", b"2", b"3"]
    assert len(outbox) == 0


def test_no_more_is_in_flight_than_the_limit() -> None:
    """What follows waits for an acknowledgement."""
    outbox = Outbox(in_flight_limit=2)
    for number in range(3):
        outbox.put(event(number))
    outbox.sent(1)
    outbox.sent(2)
    assert outbox.following() is None
    assert len(outbox) == 3
    outbox.acknowledged(1)
    assert outbox.following() == event(2)


def test_full_drops_the_oldest_event_and_counts_it() -> None:
    """The newest is what a consumer wants after a long absence; a retained payload takes no event's place."""
    outbox = Outbox(limit=2)
    outbox.put(state(0))
    for number in range(1, 5):
        outbox.put(event(number))
    assert outbox.dropped == 2
    assert sent_all(outbox) == [b"0", b"3", b"4"]


def test_full_keeps_what_is_in_flight() -> None:
    """It can not be taken back, so it neither goes nor counts against the limit."""
    outbox = Outbox(limit=1)
    outbox.put(event(1))
    outbox.sent(1)
    outbox.put(event(2))
    outbox.put(event(3))
    assert len(outbox) == 2
    assert outbox.dropped == 1


def test_retained_topic_keeps_only_its_newest_payload() -> None:
    """A state that is no longer true is never sent."""
    outbox = Outbox()
    for message in (state(1), event(2), state(3), state(4, "edged/a/health")):
        outbox.put(message)
    assert sent_all(outbox) == [b"2", b"3", b"4"]


def test_renew_sends_every_retained_topic_again_and_no_event() -> None:
    """A broker that forgot its retained messages learns them again."""
    outbox = Outbox()
    for message in (state(1), event(2), state(3, "edged/a/health")):
        outbox.put(message)
    sent_all(outbox)
    outbox.put(state(4))
    outbox.renew()
    assert sent_all(outbox) == [b"4", b"3"]


def test_acknowledgement_of_a_stranger_is_ignored() -> None:
    """The connection has messages of its own, such as availability."""
    outbox = Outbox()
    outbox.put(event(1))
    outbox.acknowledged(99)
    assert len(outbox) == 1
