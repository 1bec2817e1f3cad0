"""Number of cases for each fuzz test, and how valid bytes are damaged.

    EDGED_FUZZ_CASES=10000 pytest …        (or: make fuzz)

Few cases by default, the same ones each time.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

CASES = int(os.environ.get("EDGED_FUZZ_CASES", "100"))

fuzzed = settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    database=None,
    # The fixtures carry no state between cases except the folder, whose files each case rewrites.  On a busy machine a
    # slow case means nothing.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Edit = tuple[int, int, bytes]  # offset, number of bytes to remove, bytes to insert

_LENGTHS = [bytes(4), b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\1\0\0\0", b"\0\0"]


def edits(n_bytes: int, *more: bytes, max_edits: int = 8) -> st.SearchStrategy[list[Edit]]:
    """Flips, insertions, removals and cuts within the first ``n_bytes``; ``more`` are byte strings worth trying."""
    offset = st.integers(0, n_bytes - 1)
    data = st.binary(max_size=8) | st.sampled_from([*_LENGTHS, *more])
    over = st.tuples(offset, data).map(lambda edit: (edit[0], len(edit[1]), edit[1]))
    cut = st.tuples(offset, st.just(n_bytes), st.just(b""))
    return st.lists(over | st.tuples(offset, st.integers(0, 8), data) | cut, min_size=1, max_size=max_edits)


def damaged(content: bytes, changes: list[Edit]) -> bytes:
    """``content`` after all ``changes`` in order."""
    data = bytearray(content)
    for offset, n_removed, new in changes:
        data[offset : offset + n_removed] = new
    return bytes(data)
