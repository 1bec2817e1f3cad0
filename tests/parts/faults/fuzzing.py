"""How many damaged inputs each fuzz test sees, and how sound bytes are damaged.

    EDGED_FUZZ_CASES=10000 pytest …        (or: make fuzz)

Few by default, the same ones each time.
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
    # The fixtures hold nothing from one case to the next but the folder, whose files each case writes anew; and where
    # the machine is busy a slow case says nothing.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Edit = tuple[int, int, bytes]  # from this place on so many bytes go, and these come

_LENGTHS = [bytes(4), b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\1\0\0\0", b"\0\0"]


def edits(n_bytes: int, *more: bytes, most: int = 8) -> st.SearchStrategy[list[Edit]]:
    """Flips, insertions, removals and cuts within the first ``n_bytes``; ``more`` are bytes worth trying."""
    place = st.integers(0, n_bytes - 1)
    written = st.binary(max_size=8) | st.sampled_from([*_LENGTHS, *more])
    over = st.tuples(place, written).map(lambda found: (found[0], len(found[1]), found[1]))
    cut = st.tuples(place, st.just(n_bytes), st.just(b""))
    return st.lists(over | st.tuples(place, st.integers(0, 8), written) | cut, min_size=1, max_size=most)


def damaged(content: bytes, changes: list[Edit]) -> bytes:
    """``content`` with these changes, one after the other."""
    written = bytearray(content)
    for place, n_removed, new in changes:
        written[place : place + n_removed] = new
    return bytes(written)
