"""Pieces of sound to training windows: one lies over another, at random.

    Sounds ──► Pieces: frames (n, 64) dB end to end, what stretches of them are speech and what are not
    Pieces ──front, another so many dB below, augmented──► images (b, 188, 64, 1) 0..1, targets (b, 2)

Speech lies anywhere in the window, with pauses and over whatever else a room holds; what is not speech is laid in the
same way and given the same echoes, so that no trace of the laying tells the two apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.augment.logmel import Batch, augmented, renormalised
from convert.corpora.clip import Clip
from convert.data import dataset
from convert.gate import sounds as made_sounds
from convert.gate.material import Sounds, Turns
from convert.gate.recipe import LABELS, SPEECH, GateRecipe, GateRun
from convert.gate.rooms import echoed
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd

_ACTIVE_DB = -45.0  # a frame whose loudest band is below this, relative to the piece, is a pause
_SHORTEST = 12  # frames; a shorter piece says nothing
_ROOM_S = 1.0  # between turns; a shorter gap may hold the end of a word
_ALONE_DB = 200.0  # so far below is nothing

Frames = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Pieces:
    """Piece i is ``frames[start[i] : start[i] + length[i]]`` and is drawn with probability ``share[i]``."""

    frames: Frames
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    share: NDArray[np.float64]

    def drawn(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """(count,) numbers of pieces."""
        return rng.choice(len(self.share), count, p=self.share)


def pieces(sounds: Sounds, run: GateRun) -> tuple[Pieces, Pieces]:
    """What is speech and what is not, of prepared ``sounds``."""
    recipe, cache = run.recipe, run.cache
    speech = {name: _frames(clips, cache) for name, clips in sounds.spoken.items()}
    speech["ami"], rooms = _turns(sounds.meetings, cache)
    other = {
        "esc10": _frames(sounds.esc10, cache),
        "noise": _frames(sounds.noise, cache),
        "synthetic": _synthetic(recipe.n_synthetic, run.seed),
        "rooms": rooms,
    }
    rng = np.random.default_rng(run.seed)
    return _joined(speech, dict(recipe.speech_shares), recipe, rng), _joined(
        other, dict(recipe.other_shares), recipe, rng
    )


def batch(speech: Pieces, other: Pieces, recipe: GateRecipe, seed: tuple[int, ...]) -> tuple[Batch, Floats]:
    """Half of it speech, half not: images (batch, n_frames, n_bands, 1) 0..1 and targets (batch, 2)."""
    rng = np.random.default_rng(seed)
    half = recipe.batch // 2
    spoken = _over(_laid(speech, half, recipe, rng), _laid(other, half, recipe, rng), recipe, rng, speech=True)
    first, second = np.split(_laid(other, 2 * half, recipe, rng), 2)
    silent = _over(first, second, recipe, rng, speech=False)
    silent[rng.random(half) < recipe.flat_p] = 0
    images = np.concatenate([spoken, silent])
    targets = np.full((2 * half, len(LABELS)), recipe.smoothing / len(LABELS), np.float32)
    targets[:half, SPEECH] += 1 - recipe.smoothing
    targets[half:, 1 - SPEECH] += 1 - recipe.smoothing
    return images[..., None] / np.float32(GEOMETRY.top_db) + np.float32(1), targets


def _laid(source: Pieces, count: int, recipe: GateRecipe, rng: np.random.Generator) -> Batch:
    chosen = source.drawn(count, rng)
    return augmented(source.frames, source.start[chosen], source.length[chosen], recipe.augment, rng)


def _over(front: Batch, back: Batch, recipe: GateRecipe, rng: np.random.Generator, *, speech: bool) -> Batch:
    share, below = (
        (recipe.under_speech_p, recipe.under_speech_db) if speech else (recipe.under_other_p, recipe.under_other_db)
    )
    gap = np.where(rng.random(len(front)) < share, rng.uniform(*below, len(front)), _ALONE_DB)
    return renormalised(np.maximum(front, back - gap.astype(np.float32)[:, None, None]))


def _frames(clips: Sequence[Clip], cache: Path) -> list[Frames]:
    loaded = dataset.load(clips, cache)
    parts = zip(loaded.start, loaded.start + loaded.length, strict=True)
    return [_trimmed(loaded.frames[start:end]) for start, end in parts]


def _turns(meetings: Sequence[tuple[Clip, Turns]], cache: Path) -> tuple[list[Frames], list[Frames]]:
    """Where somebody speaks, and the longer times between."""
    spoken, rooms = [], []
    for clip, turns in meetings:
        loaded = dataset.load([clip], cache)
        total_s = len(loaded.frames) * GEOMETRY.hop_s
        edges = [0.0, *(edge for turn in turns for edge in turn), total_s]
        for place, (start_s, end_s) in enumerate(pairwise(edges)):
            part = loaded.frames[round(start_s / GEOMETRY.hop_s) : round(end_s / GEOMETRY.hop_s)]
            if place % 2:
                spoken.append(part)
            elif end_s - start_s >= _ROOM_S:
                rooms.append(part)
    return spoken, rooms


def _synthetic(count: int, seed: int) -> list[Frames]:
    front_end = FrontEnd()
    found = []
    for kind in made_sounds.KINDS:
        for number in range(count):
            levels = front_end.clip_levels(made_sounds.made(kind, seed * count + number))
            bands = (levels - levels.max()).reshape(len(levels), GEOMETRY.n_bands, -1).mean(axis=2)
            found.append(np.asarray(bands, np.float16))
    return found


def _trimmed(part: Frames) -> Frames:
    active = np.flatnonzero(part.max(axis=1) > part.max() + _ACTIVE_DB)
    return part[active[0] : active[-1] + 1]


def _joined(
    groups: dict[str, list[Frames]], shares: dict[str, float], recipe: GateRecipe, rng: np.random.Generator
) -> Pieces:
    """The pieces of each group as they are, then those in rooms with echo."""
    parts, share = [], []
    for name, found in groups.items():
        kept = [part for part in found if len(part) >= _SHORTEST]
        if not kept:
            continue
        weight = np.sqrt([len(part) for part in kept])  # long recordings hold more, but not so much more
        weight = weight / weight.sum() * shares[name]
        parts += kept
        share += list(weight * (1 - recipe.room_p))
        for _ in range(recipe.n_rooms):
            parts += [echoed(part, recipe, rng) for part in kept]
            share += list(weight * recipe.room_p / recipe.n_rooms)
    length = np.array([len(part) for part in parts], np.int64)
    return Pieces(np.concatenate(parts), np.cumsum(length) - length, length, np.array(share) / np.sum(share))
