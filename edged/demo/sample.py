"""The sample conversation: its sound, the emotion meant in each turn, and the emotion detected in it.

    sample.json ──► Turn(start_s, end_s, meant, text), … ◄──overlap── Episode(label, start_s, end_s), …

An episode begins some seconds into a turn, because the tracker waits for evidence, and lasts until another replaces it.
The emotion of a turn is therefore that of the episodes which cover most of it, not of the last or the loudest one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from edged.errors import RecordingError, reason

SAMPLE = Path(__file__).with_name("sample.flac")  # made, as sample.json is, by `make sample`
TURNS = SAMPLE.with_suffix(".json")
NONE = "none"  # detected in a turn that no episode overlaps


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one speaker says before the next does."""

    start_s: float  # from the start of the sample
    end_s: float
    meant: str  # a label
    text: str


class Episode(NamedTuple):
    """A time in which one label held."""

    label: str
    start_s: float  # from the start of the sample
    end_s: float


def load_turns(file: Path = TURNS) -> tuple[Turn, ...]:
    """The turns in ``file``, in order.

    Raises:
        RecordingError: it cannot be read or is not a list of turns.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=tuple[Turn, ...])
    except (OSError, msgspec.DecodeError) as exc:
        raise RecordingError(f"{file}: {reason(exc)}, expected the turns of the demo's sample") from exc


def nearest(turns: Sequence[Turn], at_s: float) -> Turn:
    """The turn in which ``at_s`` lies, or the one that it is closest to."""
    return min(turns, key=lambda turn: max(turn.start_s - at_s, at_s - turn.end_s))


def shares(turn: Turn, episodes: Sequence[Episode]) -> dict[str, float]:
    """The part of ``turn`` that the episodes of each label cover; labels that cover none are left out."""
    covered: dict[str, float] = {}
    for episode in episodes:
        overlap_s = min(turn.end_s, episode.end_s) - max(turn.start_s, episode.start_s)
        if overlap_s > 0:
            covered[episode.label] = covered.get(episode.label, 0.0) + overlap_s / (turn.end_s - turn.start_s)
    return covered


def detected(turn: Turn, episodes: Sequence[Episode]) -> str:
    """The label that covers most of ``turn``, or ``none``."""
    covered = shares(turn, episodes)
    return max(covered, key=covered.__getitem__, default=NONE)
