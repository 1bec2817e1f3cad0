"""Recordings to the pieces that training windows are laid from, each in several versions.

    Sounds ──► Pieces: frames (n, 64) dB end to end, what stretches of them are speech and what are not
    a piece ──► as it is, in a room with echo, shouted, whispered, by telephone and codec over noise

What is not speech has the same versions in the same shares, so that no trace of the processing reveals the class.
Emotions and intensities have equal shares of a corpus: of CREMA-D's clips one in nine is a loud anger or fear.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.augment.copies import levels_elsewhere
from convert.augment.logmel import floors
from convert.augment.sound import heard_elsewhere
from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.data.meetings import Meeting
from convert.gate import sounds as made_sounds
from convert.gate.cells import intensity
from convert.gate.material import Sounds
from convert.gate.recipe import GateRecipe, GateRun
from convert.gate.rooms import echoed
from convert.gate.voices import shouted, shouted_frames, whispered, whispered_frames
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd

_ACTIVE_DB = -45.0  # a frame whose loudest band is below this, relative to the piece, is a pause
_SHORTEST = 12  # frames; a shorter piece is left out
_ROOM_S = 1.0  # between turns; a shorter gap may hold the end of a word
_DEEPEST_DB = -110.0  # below the loudest cell, as a clip's own frames are kept
_FRONT_END = FrontEnd()

Frames = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Piece:
    """A sound: its log-mel below the loudest cell, its samples where there are some, its kind for balance."""

    frames: Frames
    samples: Floats | None
    kind: str


@dataclass(frozen=True, slots=True)
class Pieces:
    """Piece i is ``frames[start[i] : start[i] + length[i]]`` and is drawn with probability ``share[i]``."""

    frames: Frames
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    share: NDArray[np.float64]
    floors: Floats  # (n, n_bands) dB, each piece's own noise floor

    def drawn(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """(count,) numbers of pieces."""
        return rng.choice(len(self.share), count, p=self.share)


def pieces(sounds: Sounds, run: GateRun) -> tuple[Pieces, Pieces]:
    """What is speech and what is not, of prepared ``sounds``."""
    recipe, cache = run.recipe, run.cache
    speech = {name: _clips(clips, cache) for name, clips in sounds.spoken.items()}
    speech["ami"], rooms = _turns(sounds.meetings)
    other = {
        "esc10": _clips(sounds.esc10, cache),
        "noise": _clips(sounds.noise, cache),
        "synthetic": _synthetic(recipe.n_synthetic, run.seed),
        "rooms": rooms,
    }
    rng = np.random.default_rng(run.seed)
    noises = [piece for name in ("esc10", "noise") for piece in other[name]]
    return (
        _joined(speech, dict(recipe.speech_shares), noises, recipe, rng),
        _joined(other, dict(recipe.other_shares), noises, recipe, rng),
    )


def _clips(clips: Sequence[Clip], cache: Path) -> list[Piece]:
    found = []
    for clip in clips:
        kind = f"{clip.emotion} {intensity(clip)}"
        if clip.audio:
            samples = recordings.samples(clip.audio, clip.padded_s)
            found.append(_of_sound(samples, kind))
        else:
            found.append(Piece(_trimmed(dataset.load([clip], cache).frames), None, kind))
    return [piece for piece in found if len(piece.frames) >= _SHORTEST]


def _turns(meetings: Sequence[Meeting]) -> tuple[list[Piece], list[Piece]]:
    """Where somebody speaks, and the longer times between."""
    spoken, rooms = [], []
    for clip, turns in meetings:
        if clip.audio is None:
            raise ValueError(f"meeting {clip.id}: expected a recording")
        samples = recordings.samples(clip.audio)
        edges = [0.0, *(edge for turn in turns for edge in turn), len(samples) / GEOMETRY.sample_rate_hz]
        for place, (start_s, end_s) in enumerate(pairwise(edges)):
            first, last = round(start_s * GEOMETRY.sample_rate_hz), round(end_s * GEOMETRY.sample_rate_hz)
            part = samples[first:last]
            if len(part) < _SHORTEST * GEOMETRY.hop:
                continue
            if place % 2:
                spoken.append(Piece(_levels(part), part, "meeting"))
            elif end_s - start_s >= _ROOM_S:
                rooms.append(Piece(_levels(part), part, "room"))
    return spoken, rooms


def _synthetic(count: int, seed: int) -> list[Piece]:
    samples = [made_sounds.made(kind, seed * count + number) for kind in made_sounds.KINDS for number in range(count)]
    return [Piece(_levels(part), part, "made") for part in samples]


def _of_sound(samples: Floats, kind: str) -> Piece:
    """A clip as a piece, without the pauses before and after it."""
    levels = _levels(samples)
    active = np.flatnonzero(levels.max(axis=1) > levels.max() + _ACTIVE_DB)
    first, last = active[0], active[-1] + 1
    return Piece(levels[first:last], samples[first * GEOMETRY.hop : last * GEOMETRY.hop], kind)


def _levels(samples: Floats) -> Frames:
    """(k, n_bands) dB below the loudest cell."""
    levels = _FRONT_END.clip_levels(samples)
    relative = np.maximum(levels - levels.max(), _DEEPEST_DB)
    return np.asarray(relative.reshape(len(levels), GEOMETRY.n_bands, -1).mean(axis=2), np.float16)


def _trimmed(part: Frames) -> Frames:
    active = np.flatnonzero(part.max(axis=1) > part.max() + _ACTIVE_DB)
    return part[active[0] : active[-1] + 1]


def _joined(
    groups: dict[str, list[Piece]],
    shares: dict[str, float],
    noises: list[Piece],
    recipe: GateRecipe,
    rng: np.random.Generator,
) -> Pieces:
    """Every version of the pieces of each group, as often as the recipe says."""
    parts: list[Frames] = []
    share: list[NDArray[np.float64]] = []
    for name, found in groups.items():
        if not found:
            continue
        weight = weights(found) * shares[name]
        for version, (count, of) in _VERSIONS.items():
            copies = getattr(recipe, count)
            for _ in range(copies):
                parts += [_trimmed(of(piece, noises, recipe, rng)) for piece in found]
                share.append(weight * getattr(recipe, version) / copies)
    length = np.array([len(part) for part in parts], np.int64)
    start, frames = np.cumsum(length) - length, np.concatenate(parts)
    shares_of_all = np.concatenate(share)
    return Pieces(frames, start, length, shares_of_all / shares_of_all.sum(), floors(frames, start, length))


def weights(found: list[Piece]) -> NDArray[np.float64]:
    """(n,) of sum 1: equal for each kind; within a kind it grows with the length, but more slowly."""
    kinds = np.array([piece.kind for piece in found])
    weight = np.sqrt([len(piece.frames) for piece in found])
    for kind in np.unique(kinds):
        weight[kinds == kind] /= weight[kinds == kind].sum()
    return np.asarray(weight / weight.sum(), np.float64)


Version = Callable[[Piece, list[Piece], GateRecipe, np.random.Generator], Frames]


def _plain(piece: Piece, _noises: list[Piece], _recipe: GateRecipe, _rng: np.random.Generator) -> Frames:
    return piece.frames


def _echoed(piece: Piece, _noises: list[Piece], recipe: GateRecipe, rng: np.random.Generator) -> Frames:
    return echoed(piece.frames, recipe, rng)


def _shouted(piece: Piece, _noises: list[Piece], recipe: GateRecipe, rng: np.random.Generator) -> Frames:
    if piece.samples is None:
        return shouted_frames(piece.frames, recipe.voice, rng)
    return _levels(shouted(piece.samples, recipe.voice, rng))


def _whispered(piece: Piece, _noises: list[Piece], recipe: GateRecipe, rng: np.random.Generator) -> Frames:
    if piece.samples is None:
        return whispered_frames(piece.frames, recipe.voice, rng)
    return _levels(whispered(piece.samples, recipe.voice, rng))


def _elsewhere(piece: Piece, noises: list[Piece], recipe: GateRecipe, rng: np.random.Generator) -> Frames:
    """By a telephone, through a codec, over noise."""
    noise = noises[int(rng.integers(len(noises)))]
    if piece.samples is None or noise.samples is None:
        levels = levels_elsewhere(piece.frames.astype(np.float32), noise.frames.astype(np.float32), recipe.sound, rng)
        return np.asarray(np.maximum(levels - levels.max(), _DEEPEST_DB), np.float16)
    return _levels(heard_elsewhere(piece.samples, noise.samples, recipe.sound, rng))


# By the recipe's field with the share of a version: the field with its number, and the function that makes it.
_VERSIONS: dict[str, tuple[str, Version]] = {
    "plain_p": ("n_plain", _plain),
    "room_p": ("n_rooms", _echoed),
    "shouted_p": ("n_shouts", _shouted),
    "whispered_p": ("n_whispers", _whispered),
    "elsewhere_p": ("n_elsewhere", _elsewhere),
}
