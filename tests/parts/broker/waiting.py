"""Messages that wait in an outbox: numbered events, states and moments, and how they are sent."""

from edged.outbox.message import Message
from edged.outbox.outbox import Outbox


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


def moment(number: int) -> Message:
    """A short-lived message among many, such as a window."""
    return Message("level", b"%d" % number, 0, kind="moment")
