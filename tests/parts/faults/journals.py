"""Journals that retry quickly, and what the next process loads of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edged.outbox.journal import Journal
from tests.parts.broker.outboxes import numbers

_RETRY_S = 0.2


@contextmanager
def opened(folder: Path, commit_s: float = 0.0, later_s: float = 0.0) -> Iterator[Journal]:
    """A journal that retries quickly; its wall clock is ``later_s`` ahead."""

    def utc() -> float:
        return time.time() + later_s

    journal = Journal(folder / "outbox.sqlite3", commit_s=commit_s, retry_s=_RETRY_S, utc=utc)
    journal.open(lambda: None)
    try:
        yield journal
    finally:
        journal.close()


def stored(folder: Path) -> list[int]:
    """Sequence numbers that the next process loads."""
    with opened(folder) as journal:
        return numbers(journal.found())
