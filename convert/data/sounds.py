"""Recordings in which nobody speaks, by side: ESC-10 and noises.

    corpora's folder, side ──► Clips whose ``emotion`` is the sound's class

Folds of ESC-10 keep clips of one recording together.  The gate, augmented copies and the robustness rows all take their
sounds from here, so that no test uses a sound that was trained on or that a threshold was chosen with.
"""

import csv
from pathlib import Path
from typing import Literal

from convert.corpora.clip import Clip
from edged.errors import UsageError

Side = Literal["train", "validation", "test"]
# The side of each fold of ESC-10 and of each noise; all others are trained on.
_FOLDS: dict[int, Side] = {3: "validation", 4: "test"}
_TABLE = "the table of ESC-10: file, sound, fold (a number)"
_NOISES: dict[str, Side] = {
    "am_noise_friction1": "validation",
    "am_noise_hens": "validation",
    "sb_noise_noise2": "validation",
    "am_noise_friction0": "test",
    "am_noise_sheep": "test",
    "sb_noise_noise3": "test",
}


def esc10(folder: Path, side: Side) -> list[Clip]:
    """The sounds of ESC-10 on ``side``.

    Raises:
        UsageError: its table is not there, or a row lacks its file, sound or number of the fold.
    """
    index = folder / "index.csv"
    clips = []
    try:
        with index.open(newline="", encoding="utf-8") as lines:
            for row in (rows := csv.DictReader(lines)):
                clip = recording(folder / row["file"], "esc10", row["sound"])
                if _FOLDS.get(int(row["fold"]), "train") == side:
                    clips.append(clip)
    except OSError as exc:
        raise UsageError(f"{index}: {exc.strerror}, expected {_TABLE}") from exc
    except (KeyError, TypeError, ValueError) as exc:  # a column that is not there, a row that ends early, no number
        raise UsageError(f"{index}:{rows.line_num}: {exc}, expected {_TABLE}") from exc
    return clips


def noise(folder: Path, side: Side) -> list[Clip]:
    """The noises on ``side``; none where there is no such folder."""
    files = sorted(folder.glob("*.flac"))
    return [recording(file, "noise", "noise") for file in files if _NOISES.get(file.stem, "train") == side]


def noises(folder: Path, side: Side) -> list[Clip]:
    """Recordings of ``side`` that hold no speech.

    Raises:
        UsageError: the corpora are absent.
    """
    recordings = esc10(folder / "esc10", side) + noise(folder / "noise", side)
    if not recordings:
        raise UsageError(f"{folder}: no recordings in esc10 or noise for {side}, expected some to mix into clips")
    return recordings


def recording(file: Path, corpus: str, sound: str) -> Clip:
    """One recording of a corpus that has neither speakers nor emotions; ``sound`` is its class."""
    return Clip(id=file.stem, corpus=corpus, speaker="", gender="", emotion=sound, label=None, audio=file)
