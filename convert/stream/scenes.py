"""Clips to scripts of long recordings: speaker, emotion, time, room.

    clips of a speaker ──passages of one emotion, pauses, sounds between them──► Scene: pieces, passages, room

Three kinds: ``emotions`` (every other passage neutral, the rest drawn evenly from the other labels), ``neutral`` (all
passages neutral) and ``other`` (ESC-10 and noises, no speech).  Each speaker is a home with its own room: level of the
voice, noise floor, a continuous noise, and in every other home the echo of a measured room.  A passage is a few clips
of one label with short pauses: corpora contain sentences, but emotions last longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.surroundings import Surroundings
from edged.features.geometry import GEOMETRY

Kind = Literal["emotions", "neutral", "other"]
# The word that seeds the scenes of each kind: with another word, other scenes would be drawn.
_SEED_WORDS: dict[Kind, str] = {"emotions": "moods", "neutral": "neutral", "other": "other"}
USUAL = "neutral"
RATE_HZ = GEOMETRY.sample_rate_hz
_HOP = GEOMETRY.hop
_ACTIVE_DB = -40.0  # a frame below this, relative to the clip's loudest, is not where speech begins or ends
_N_CLIPS = (2, 6)  # of a passage
_BREATH_S = (0.2, 0.8)  # between its clips
_PAUSE_S = (2.0, 10.0)  # between passages
_SOUND_P = 0.3  # of a sound in a pause
_VOICE_DBFS, _SOUND_DBFS = (-36.0, -22.0), (-42.0, -20.0)  # rms
_FLOOR_DBFS = (-70.0, -52.0)
_NOISE_P, _NOISE_BELOW_DB = 0.5, (10.0, 30.0)  # share of homes with a noise; its level below the voice
_ECHO_P = 0.5
_MIN_HOME_S = 240.0  # unless less is asked for in total


@dataclass(frozen=True, slots=True)
class Piece:
    """A clip in a scene, its rms at ``level_dbfs``; ``start`` in samples, a multiple of the hop."""

    clip: Clip
    start: int
    level_dbfs: float
    voice: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """A span (samples) of one emotion."""

    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scene:
    """The script of one recording of ``length`` samples."""

    kind: Kind
    group: str
    speaker: str
    length: int
    pieces: tuple[Piece, ...]
    passages: tuple[Passage, ...]
    floor_dbfs: float
    noise: tuple[Clip, float] | None  # the continuous noise and its rms in dBFS
    echo: Path | None  # the room's impulse response
    seed: int

    @property
    def hours(self) -> float:
        """The duration."""
        return self.length / RATE_HZ / 3600


def scenes(  # noqa: PLR0913, PLR0917 - what a group of scenes is made of
    group: str, clips: Sequence[Clip], kind: Kind, around: Surroundings, cache: Path, total_s: float
) -> list[Scene]:
    """A scene for each speaker of prepared ``clips``, ``total_s`` in total, at least four minutes each.

    For ``neutral``, only speakers with neutral clips have one; ``other`` needs no clips and has homes of ten minutes.
    """
    if kind == "other":
        homes: dict[str, list[Clip]] = {f"home {n}": [] for n in range(max(1, round(total_s / 600)))}
    else:
        homes = {name: [clip for clip in clips if clip.speaker == name] for name in sorted({c.speaker for c in clips})}
    if kind == USUAL:
        homes = {
            name: neutral for name, all_of in homes.items() if (neutral := [c for c in all_of if c.label == USUAL])
        }
    length_s = max(min(_MIN_HOME_S, total_s), total_s / max(1, len(homes)))
    return [_scene(group, name, of_home, kind, around, cache, length_s) for name, of_home in homes.items()]


def _scene(  # noqa: PLR0913, PLR0917 - what a scene is made of
    group: str, speaker: str, clips: list[Clip], kind: Kind, around: Surroundings, cache: Path, length_s: float
) -> Scene:
    seed = [*f"{group} {speaker} {_SEED_WORDS[kind]}".encode()]
    rng = np.random.default_rng(seed)
    voice_dbfs = float(rng.uniform(*_VOICE_DBFS))
    noise = None
    if around.noises and rng.random() < _NOISE_P:
        noise = (around.noises[rng.integers(len(around.noises))], voice_dbfs - float(rng.uniform(*_NOISE_BELOW_DB)))
    echo = around.rooms[rng.integers(len(around.rooms))] if around.rooms and rng.random() < _ECHO_P else None
    by_label: dict[str, list[Clip]] = {}
    for clip in clips:
        by_label.setdefault(str(clip.label), []).append(clip)
    length = _hops(length_s)
    pieces: list[Piece] = []
    passages: list[Passage] = []
    at = _hops(float(rng.uniform(*_PAUSE_S)))
    while at < length:
        if by_label:
            label = _label(list(by_label), rng)
            spoken, at = _passage(by_label[label], at, voice_dbfs, cache, rng)
            if at > length:
                break
            pieces += spoken
            first, last = _spoken_part(spoken[0], cache), _spoken_part(spoken[-1], cache)
            passages.append(Passage(label, first[0], last[1]))
        pause = _hops(float(rng.uniform(*_PAUSE_S)))
        if around.sounds and (kind == "other" or rng.random() < _SOUND_P):
            sound = around.sounds[rng.integers(len(around.sounds))]
            piece = Piece(sound, at + pause // 2 // _HOP * _HOP, float(rng.uniform(*_SOUND_DBFS)), voice=False)
            size = len(dataset.levels(sound, cache)) * _HOP
            if piece.start + size <= length:
                pieces.append(piece)
            pause = max(pause, pause // 2 // _HOP * _HOP + size)
        at += pause
    floor_dbfs = float(rng.uniform(*_FLOOR_DBFS))
    return Scene(
        kind, group, speaker, length, tuple(pieces), tuple(passages), floor_dbfs, noise, echo, int(rng.integers(2**31))
    )


def _label(labels: list[str], rng: np.random.Generator) -> str:
    """Neutral half of the time, otherwise one of the other labels."""
    others = [label for label in labels if label != USUAL]
    if USUAL in labels and (not others or rng.random() < 0.5):  # noqa: PLR2004 - every other time
        return USUAL
    return str(rng.choice(others))


def _passage(
    clips: list[Clip], at: int, level_dbfs: float, cache: Path, rng: np.random.Generator
) -> tuple[list[Piece], int]:
    """Some of ``clips`` one after the other from sample ``at``, and the sample after the last."""
    chosen = rng.choice(len(clips), min(len(clips), int(rng.integers(*_N_CLIPS))), replace=False)
    pieces = []
    for index in chosen:
        pieces.append(Piece(clips[index], at, level_dbfs, voice=True))
        at += len(dataset.levels(clips[index], cache)) * _HOP + _hops(float(rng.uniform(*_BREATH_S)))
    return pieces, at


def _spoken_part(piece: Piece, cache: Path) -> tuple[int, int]:
    """The first and the last sample of the scene at which the clip is audible."""
    loudest = dataset.levels(piece.clip, cache).astype(np.float32).max(axis=1)
    if piece.clip.stored:
        loudest = loudest * np.float32(GEOMETRY.quantum_db)
    active = np.flatnonzero(loudest >= loudest.max() + _ACTIVE_DB)
    return piece.start + int(active[0]) * _HOP, piece.start + int(active[-1]) * _HOP


def _hops(seconds: float) -> int:
    """``seconds`` in samples, rounded to whole hops."""
    return round(seconds / GEOMETRY.hop_s) * _HOP
