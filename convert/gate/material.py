"""The gate's material by side: recordings of speech, and of everything else.

    corpora's folder ──► Sounds: clips of speech by speaker; meetings, noises and ESC-10 as recordings

A side's speakers, meetings, folds and noises are on no other side.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert import corpora
from convert.corpora.clip import Clip
from convert.data import splits
from convert.data.meetings import AMI, Meeting, meetings
from convert.data.sounds import Side, esc10, noise
from convert.gate.recipe import GateRecipe
from edged.errors import UsageError

SIDES: tuple[Side, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Sounds:
    """Clips of one side."""

    spoken: dict[str, list[Clip]]  # by corpus
    meetings: list[Meeting]
    esc10: list[Clip]  # ``emotion`` is the class
    noise: list[Clip]

    def all(self) -> list[Clip]:
        """Every clip, in a fixed order."""
        spoken = [clip for clips in self.spoken.values() for clip in clips]
        return spoken + [clip for clip, _ in self.meetings] + self.esc10 + self.noise


def sounds(folder: Path, recipe: GateRecipe, side: Side) -> Sounds:
    """The material of ``side`` from the corpora in ``folder``.

    Raises:
        UsageError: a corpus is absent, or has nothing for this side.
    """
    found = Sounds(
        {name: _spoken(folder / name, name, side) for name in recipe.spoken},
        meetings(folder / AMI, side),
        esc10(folder / "esc10", side),
        noise(folder / "noise", side),
    )
    for name, clips in {**found.spoken, "ami": found.meetings, "esc10": found.esc10, "noise": found.noise}.items():
        if not clips:
            raise UsageError(f"{folder / name}: nothing for {side}, expected recordings of each side for the gate")
    return found


def absent(folder: Path, recipe: GateRecipe) -> list[str]:
    """The corpora that the gate needs and that are not in ``folder``."""
    return [name for name in (*recipe.spoken, "ami", "esc10", "noise") if not (folder / name).is_dir()]


def whole(folder: Path, names: Iterable[str], most: int) -> dict[str, list[Clip]]:
    """Clips of all speakers of the corpora in ``names`` that are there: ``most`` of an emotion and intensity."""
    found: dict[str, list[Clip]] = {}
    for name in names:
        if (folder / name).is_dir():
            clips, taken = corpora.read(folder / name), Counter[tuple[str, str]]()
            # Drawn at random: every other row of an index may be of one gender, or of one label.
            chosen = []
            for place in np.random.default_rng(len(clips)).permutation(len(clips)).tolist():
                kind = (clips[place].emotion, clips[place].intensity)
                taken[kind] += 1
                if taken[kind] <= most:
                    chosen.append(place)
            found[name] = [clips[place] for place in sorted(chosen)]
    return found


def _spoken(folder: Path, name: str, side: Side) -> list[Clip]:
    clips = corpora.read(folder)
    split_of = splits.split_of(name, {clip.speaker for clip in clips})
    return [clip for clip in clips if split_of[clip.speaker] == side]
