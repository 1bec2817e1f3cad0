"""What is on the disk and what is not, and the next number; without a disk."""

import math
from types import SimpleNamespace

import pytest

from edged.outbox.ledger import Ledger, fresh_seq
from edged.outbox.reader import Stored
from tests.parts.broker.outboxes import event, numbers

FRESH = 1000
NOTHING = Stored([], 0, 0.0)


def ledger(stored: Stored = NOTHING, reserve: int = 0) -> Ledger:
    """A ledger with its file open."""
    made = Ledger(reserve)
    made.disk_found(stored, FRESH)
    return made


def put(ledger: Ledger, count: int = 1) -> list[int]:
    """Numbers of this many new events."""
    events = [event(ledger.next_seq()) for _ in range(count)]
    for message in events:
        ledger.put(message)
    return numbers(events)


def write(ledger: Ledger, *, last: bool = False) -> None:
    """Write all changes."""
    ledger.written(ledger.batch(last=last))


def test_numbers_go_on_where_the_file_ends() -> None:
    """Numbers continue whatever the clock says."""
    assert ledger(Stored([], 70, 1.0)).next_seq() == 71


def test_numbers_begin_at_the_clock_in_a_new_file() -> None:
    """Numbers start above all that an earlier, lost file may have used."""
    assert ledger().next_seq() == FRESH + 1


def test_without_reserve_nothing_is_published_before_it_is_written() -> None:
    """The horizon follows the disk."""
    made = ledger(Stored([], 70, 1.0))
    assert made.horizon == 70
    assert put(made) == [71]
    assert made.horizon == 70
    assert made.is_short
    write(made)
    assert made.horizon == 71
    assert not made.is_short


def test_number_that_is_given_but_not_put_is_not_within_the_horizon() -> None:
    """A batch written between taking a number and putting its event does not cover the event."""
    made = ledger(Stored([], 70, 1.0))
    seq = made.next_seq()
    write(made)
    assert made.horizon == seq - 1


def test_with_reserve_numbers_are_published_at_once_and_never_given_again() -> None:
    """After a crash numbers start above all that may have been published."""
    made = ledger(Stored([], 70, 1.0), reserve=100)
    assert made.is_short
    batch = made.batch(last=False)
    made.written(batch)
    assert made.horizon == batch.horizon == 170
    assert max(put(made, 40)) < made.horizon
    assert ledger(Stored([], batch.horizon, 1.0), reserve=100).next_seq() == 171


def test_last_batch_leaves_no_gap() -> None:
    """A clean end returns the reserved numbers."""
    made = ledger(Stored([], 70, 1.0), reserve=100)
    put(made, 3)
    assert made.batch(last=True).horizon == 73


def test_event_acknowledged_before_it_is_written_is_written_once_as_history() -> None:
    """It may be written later, since a crash would lose nothing."""
    made = ledger(Stored([], 70, 1.0), reserve=100)
    write(made)
    (seq,) = put(made)
    assert not made.only_history
    made.acknowledged(seq)
    assert made.only_history
    batch = made.batch(last=False)
    assert [(message.seq, known) for message, _, known in batch.put] == [(seq, True)]
    assert batch.acknowledged == []
    made.written(batch)
    assert not made.changed


def test_event_acknowledged_while_it_is_written_is_history_with_the_next_batch() -> None:
    """The batch being written still has it as waiting."""
    made = ledger()
    (seq,) = put(made)
    batch = made.batch(last=False)
    made.acknowledged(seq)
    made.written(batch)
    assert made.batch(last=False).acknowledged == [seq]


def test_event_removed_while_it_is_written_is_removed_with_the_next_batch() -> None:
    """Otherwise it would come back at the next start."""
    made = ledger()
    (seq,) = put(made)
    batch = made.batch(last=False)
    made.removed(seq)
    made.written(batch)
    assert made.batch(last=False).removed == [seq]


def test_lost_disk_holds_nothing_back_and_keeps_what_waits_for_the_next() -> None:
    """Events acknowledged meanwhile are not stored as history and take no space."""
    made = ledger()
    seqs = put(made, 3)
    write(made)
    seqs += put(made, 3)
    made.disk_lost(FRESH)
    assert made.horizon == math.inf
    made.acknowledged(seqs[0])
    made.acknowledged(seqs[4])
    made.removed(seqs[5])
    made.disk_found(NOTHING, 10 * FRESH)
    batch = made.batch(last=False)
    assert [message.seq for message, _, _ in batch.put] == seqs[1:4]
    assert made.next_seq() == seqs[-1] + 1


def test_same_file_learns_what_happened_without_it() -> None:
    """After a full disk the file gets everything that happened meanwhile."""
    made = ledger()
    first, second, third = (event(made.next_seq()) for _ in range(3))
    for message in (first, second):
        made.put(message)
    write(made)
    made.disk_lost(FRESH)
    made.acknowledged(first.seq)
    made.put(third)
    made.disk_found(Stored([(first, 0.0), (second, 0.0)], second.seq, 1.0), FRESH)
    assert made.found == []
    batch = made.batch(last=False)
    assert batch.acknowledged == [first.seq]
    assert [message.seq for message, _, _ in batch.put] == [third.seq]


def test_events_of_a_file_are_found_once_with_their_age(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loaded events are marked as sent before; time between two processes does not age them."""
    now_s = 500.0
    monkeypatch.setattr("edged.outbox.ledger.time", SimpleNamespace(monotonic=lambda: now_s))
    made = ledger(Stored([(event(5), 90.0)], 5, 100.0))
    assert numbers(made.found) == [5]
    assert now_s - made.found[0].put_s == 10.0
    now_s += 7.0
    assert made.batch(last=False).open_s == 107.0
    made.found.clear()
    made.disk_lost(FRESH)
    made.disk_found(Stored([(event(5), 90.0)], 5, 100.0), FRESH)
    assert made.found == []


def test_file_that_can_only_be_read_gives_events_and_numbers_above_it() -> None:
    """Numbers come from the clock, since the next process may load the same file."""
    made = Ledger(0)
    made.disk_read(Stored([(event(5), 0.0)], 70, 1.0))
    made.disk_lost(FRESH)
    assert numbers(made.found) == [5]
    assert put(made) == [FRESH + 1]


def test_fresh_numbers_are_the_clocks_milliseconds() -> None:
    """A clock before 1970 or far in the future gives a valid number."""
    assert fresh_seq(1_700_000_000.5) == 1_700_000_000_500
    assert fresh_seq(-5.0) == 0
    assert fresh_seq(1e300) < 2**53
