"""The targets of the coverage-guided fuzzing, without what guides it."""

from pathlib import Path

import pytest

from tests.tools.guided import SEEDS, TARGETS, one_line


@pytest.mark.parametrize("target", TARGETS)
def test_target_takes_its_seeds_and_what_is_none(tmp_path: Path, target: str) -> None:
    """What it starts from, the same cut off, and bytes that are no text."""
    parse = TARGETS[target](tmp_path)
    for seed in SEEDS[target]:
        parse(seed)
        parse(seed[: len(seed) // 2])
    parse(b"\xff")


def test_message_of_two_lines_is_found() -> None:
    """As whatever else a target raises, it ends the fuzzing with a status of its own."""
    with pytest.raises(AssertionError):
        one_line("a\nb")
