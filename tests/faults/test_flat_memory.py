"""An outbox whose events are acknowledged needs no more memory after thousands of them than after hundreds."""

import threading
import tracemalloc
from pathlib import Path

import msgspec
import pytest

from edged.contract.payloads import encoded
from edged.contract.topics import EVENT_START
from edged.outbox.journal import Journal
from edged.outbox.message import Message
from edged.outbox.outbox import Outbox
from tests.parts.broker.mosquitto import wait_until
from tests.parts.broker.payloads import episode_start

_ROUNDS, _EVENTS, _LIMIT = 5, 200, 300


def test_memory_is_flat_over_acknowledged_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file keeps a history of 300; memory keeps none of it."""
    monkeypatch.setattr("edged.outbox.journal._LAZY_S", 0.1)  # else half a minute a round
    journal = Journal(tmp_path / "outbox.sqlite3", limit=_LIMIT, commit_s=0.1)
    outbox = Outbox(limit=_LIMIT, journal=journal)
    more = threading.Event()
    outbox.open(more.set)
    mids, sizes = iter(range(1, 10**6)), []
    tracemalloc.start()
    try:
        for _ in range(_ROUNDS):
            for _ in range(_EVENTS):
                seq = outbox.next_seq()
                payload = encoded(msgspec.structs.replace(episode_start("sad"), seq=seq))
                outbox.put(Message(EVENT_START.name, payload, EVENT_START.qos, EVENT_START.kind, seq))
                while True:
                    more.clear()
                    message = outbox.following()
                    if message is not None:
                        break
                    assert more.wait(60)  # reserved numbers are written
                mid = next(mids)
                outbox.sent(mid)
                outbox.acknowledged(mid)
            outbox.flush()
            wait_until(lambda: not journal._ledger.changed, "all is written")  # noqa: SLF001 -- what is in memory only
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
        outbox.close()
    assert not len(outbox)
    assert max(sizes[2:]) - min(sizes[2:]) < 40_000, sizes
