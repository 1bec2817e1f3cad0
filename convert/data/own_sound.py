"""A user's recordings, heard: what holds no sound, or hardly any, would be learned as an emotion.

clips ──log-mel in the cache──► nothing, or a UsageError that names what is silent or too short
"""

from collections.abc import Sequence
from pathlib import Path

from convert.corpora.clip import Clip
from convert.data import dataset
from edged.errors import UsageError, counted
from edged.features.geometry import GEOMETRY

MIN_S = 0.2  # the shortest cry; what is shorter is a slip of the cut


def check_sound(index: Path, clips: Sequence[Clip], cache: Path) -> None:
    """Checks that every clip, whose log-mel ``cache`` has, lasts ``MIN_S`` or more and is not digital silence.

    Raises:
        UsageError: one is shorter or silent.
    """
    silent, short = [], []
    for clip in clips:
        levels = dataset.levels(clip, cache)
        if clip.stored is None and levels.max() <= dataset.SILENT_DB:
            silent.append(clip)
        elif len(levels) * GEOMETRY.hop < MIN_S * GEOMETRY.sample_rate_hz:
            short.append(clip)
    for found, fault in ((silent, "no sound"), (short, f"less than {MIN_S} s of sound")):
        if found:
            more = f" and {counted(len(found) - 1, 'other file')} hold" if found[1:] else " holds"
            raise UsageError(
                f"{index}: {found[0].audio or found[0].id}{more} {fault}, expected speech: record again, or leave out"
            )
