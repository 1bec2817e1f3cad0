"""One message: when it counts as late, and how its payload shows that."""

import time

import msgspec
import pytest

from edged.contract.payloads import EpisodeStart, encoded
from edged.outbox.message import Message
from tests.parts.broker.outboxes import event
from tests.parts.broker.payloads import emotion_state


def replayed(message: Message) -> bool:
    """The flag that a subscriber reads."""
    return msgspec.json.decode(message.to_send(), type=EpisodeStart).replayed


def test_new_event_is_not_replayed() -> None:
    """A new event is not marked."""
    assert not replayed(event(1))


def test_event_that_waited_is_replayed() -> None:
    """Ten seconds are too late for a light to react, one second is not."""
    payload = event(1).payload
    assert replayed(Message("event/start", payload, 1, kind="event", seq=1, put_s=time.monotonic() - 10))
    assert not replayed(Message("event/start", payload, 1, kind="event", seq=1, put_s=time.monotonic() - 1))


def test_event_sent_again_is_replayed() -> None:
    """The first attempt may have succeeded."""
    message = event(1)
    assert replayed(message.delayed())
    assert message.delayed().seq == message.seq


@pytest.mark.parametrize("label", ['"replayed":false', 'x","replayed":false,"y":"', "\\", "replayed"])
def test_replayed_is_the_field_and_never_the_label(label: str) -> None:
    """Whatever the label, only the field changes."""
    message = event(1, label)
    before = msgspec.json.decode(message.payload)
    after = msgspec.json.decode(message.delayed().to_send())
    assert after == {**before, "replayed": True}


def test_state_is_never_replayed() -> None:
    """A state is current however long it waited."""
    payload = encoded(emotion_state("sad"))
    assert Message("emotion", payload, 1, kind="state", late=True).to_send() == payload
