"""Sounds, noises and rooms in which clips are tested.

    corpora's folder, side ──► Surroundings: ESC-10, noises, impulse responses

Sounds and noises are those of the gate's same side, so no threshold was chosen with the sounds of a test.  Rooms
alternate: every other one is the test's.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from convert.corpora.clip import Clip
from convert.data.sounds import esc10, noise


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The sounds, noises and rooms of one side; absent corpora are left out."""

    sounds: list[Clip]
    noises: list[Clip]
    rooms: list[Path]

    @property
    def clips(self) -> list[Clip]:
        """All clips, to be prepared."""
        return self.sounds + self.noises


def surroundings(corpora: Path, side: Literal["validation", "test"]) -> Surroundings:
    """The surroundings of ``side`` from the folder ``corpora``."""
    has_sounds = (corpora / "esc10" / "index.csv").is_file()
    rooms = sorted((corpora / "rir").glob("*.flac"))
    return Surroundings(
        esc10(corpora / "esc10", side) if has_sounds else [],
        noise(corpora / "noise", side),
        rooms[1::2] if side == "validation" else rooms[::2],
    )
