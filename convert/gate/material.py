"""The gate's material by side: recordings of speech, and of everything else.

    corpora's folder ──► Sounds: clips of speech by speaker; meetings, noises and ESC-10 as recordings
    meeting.rttm ──► turns: where somebody speaks (s)

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
from convert.data.sounds import Side, esc10, noise, recording
from convert.gate.recipe import GateRecipe
from edged.errors import UsageError

_JOINED_S = 0.3  # a pause shorter than this is part of the turn
_RTTM_FIELDS = 5  # of a line, as far as its length

SIDES: tuple[Side, ...] = ("train", "validation", "test")
Turns = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Sounds:
    """Clips of one side."""

    spoken: dict[str, list[Clip]]  # by corpus
    meetings: list[tuple[Clip, Turns]]
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
        _meetings(folder / "ami", recipe, side),
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


def _meetings(folder: Path, recipe: GateRecipe, side: Side) -> list[tuple[Clip, Turns]]:
    turns: dict[str, Turns] = {}
    for file in sorted(folder.glob("*.rttm")):
        for line in file.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if len(words) >= _RTTM_FIELDS and words[0] == "SPEAKER":
                start_s = float(words[3])
                turns.setdefault(words[1], []).append((start_s, start_s + float(words[4])))
    found = []
    for name, spans in sorted(turns.items()):
        of_test = name.startswith(recipe.meetings_test)
        place: Side = "test" if of_test else "validation" if name in recipe.meetings_validation else "train"
        if place == side:
            found.append((recording(folder / f"{name}.flac", "ami", "speech"), joined(spans)))
    return found


def joined(spans: Turns) -> Turns:
    """Turns of all speakers as one: those that overlap or nearly meet are one turn."""
    found: Turns = []
    for start_s, end_s in sorted(spans):
        if found and start_s - found[-1][1] < _JOINED_S:
            found[-1] = (found[-1][0], max(found[-1][1], end_s))
        else:
            found.append((start_s, end_s))
    return found
