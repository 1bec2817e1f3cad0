"""Events for outbox tests: numbered, encoded, each with its own id; and the outbox metrics of a publisher.

event(seq) ──► Message with the payload of an event/start, as the publisher makes it
"""

import msgspec

from edged.contract.health import OutboxMetrics
from edged.contract.payloads import encoded
from edged.contract.topics import EVENT_START
from edged.host.uuid7 import new_id
from edged.mqtt.publisher import Publisher
from edged.outbox.journal import Journal
from edged.outbox.message import Message
from tests.parts.broker.payloads import episode_start


def event(seq: int, label: str = "sad") -> Message:
    """One event with this sequence number."""
    payload = msgspec.structs.replace(episode_start(label, float(seq)), id=new_id(), seq=seq)
    return Message(EVENT_START.name, encoded(payload), EVENT_START.qos, EVENT_START.kind, seq)


def put(journal: Journal, count: int = 1) -> list[Message]:
    """Put ``count`` new events into the journal."""
    events = [event(journal.next_seq()) for _ in range(count)]
    for message in events:
        journal.put(message)
    return events


def numbers(events: list[Message]) -> list[int]:
    """Sequence numbers of ``events``."""
    return [message.seq for message in events]


def outbox_metrics(publisher: Publisher) -> OutboxMetrics:
    """Outbox metrics from the publisher's status, which must have an outbox."""
    metrics = publisher.status.outbox
    assert metrics is not None
    return metrics
