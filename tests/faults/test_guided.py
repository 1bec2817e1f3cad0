"""Targets of the coverage-guided fuzzing, run without atheris."""

from pathlib import Path

import pytest

from tests.tools.guided import SEEDS, TARGETS, one_line


@pytest.mark.parametrize("target", TARGETS)
def test_target_takes_its_seeds_and_what_is_none(tmp_path: Path, target: str) -> None:
    """A target accepts its seeds, truncated seeds and bytes that are not text."""
    parse = TARGETS[target](tmp_path)
    for seed in SEEDS[target]:
        parse(seed)
        parse(seed[: len(seed) // 2])
    parse(b"\xff")


def test_message_of_two_lines_is_found() -> None:
    """A message of two lines fails, which ends the fuzzing with a status of its own."""
    with pytest.raises(AssertionError):
        one_line("a\nb")
