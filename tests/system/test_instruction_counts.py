"""Instructions of the front end and of a window, counted by valgrind: no load and no processor changes them."""

import pytest

from benchmarks.instructions.committed import COMMAND, committed, grown, versions
from benchmarks.instructions.counts import counted, why_not


@pytest.mark.timeout(900)  # seconds of CPU, but a loaded machine may take its time
def test_no_more_instructions_than_committed() -> None:
    """No part takes more than 1.1 times the committed instructions."""
    if reason := why_not():
        pytest.skip(reason)
    before = committed()
    if versions() != before.versions:
        pytest.skip(f"counts are of {before.versions}, here is {versions()}: {COMMAND} counts anew")
    assert grown(counted(), before.counts) == [], f"if that is meant, {COMMAND} writes the new counts"


def test_growth_is_named() -> None:
    """A part beyond the limit is named with both counts; a tenth more passes, and less always does."""
    before = {"front end": 1_000_000, "window": 20_000_000}
    assert grown({"front end": 1_100_000, "window": 1_000}, before) == []
    assert grown({"front end": 1_250_000, "window": 20_000_000}, before) == [
        "front end: 1,250,000 instructions, +25% of the committed 1,000,000"
    ]
