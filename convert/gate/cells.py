"""Cells of speech, by corpus, emotion, intensity and condition: windows that a gate must not miss.

    clip ──condition──► samples ──Windows, as on the device──► windows ──a second of sound or more──► CellWindows
    stored log-mel ──as it is, with echo, shouted, whispered──► CellWindows

A mean over all speech hides what matters: a gate that misses 1 % of all windows may miss one shout in four.  A second
of sound is 63 frames that are louder than the clip's own pauses; they are counted in the clip as it was recorded, so
that noise under it adds none.  Shouts and whispers are made of the clips (``voices``), the other conditions are those
in which bundles are measured (``augment.conditions``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.augment.conditions import conditions
from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.data.surroundings import Surroundings
from convert.gate.recipe import GateRun, VoiceSpec
from convert.gate.rooms import echoed
from convert.gate.trials import LEVEL
from convert.gate.voices import Frames, shouted, shouted_frames, whispered, whispered_frames
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Window, Windows
from edged.models.speech_gate import n_loud

CLEAN, ECHO, SHOUTED, WHISPERED = "clean", "echo", "shouted", "whispered"
_SPOKEN_S = 1.0
_ACTIVE_DB = -40.0  # a frame below this, relative to the clip's loudest, is a pause …
_OVER_PAUSE_DB, _PAUSE_PERCENTILE, _PAUSE_DB = 10.0, 10, -20.0  # … and one hardly above the quietest tenth
_ENDED_DBFS = -96.0  # of frames after the end of a recording
_LEVELS = (50.0, 70.0)  # of CREMA-D's listeners, between low, middle and high

Kind = tuple[str, str, str, str]  # corpus, emotion, intensity, condition
Change = Callable[[Floats, np.random.Generator], Floats]
FramesChange = Callable[[Frames, np.random.Generator], Frames]


@dataclass(frozen=True, slots=True)
class CellWindows:
    """Windows of one clip in one condition that hold a second of speech."""

    kind: Kind
    images: NDArray[np.int8]  # (n, n_frames, n_bands)
    loud: NDArray[np.bool_]  # (n,) whether it is loud enough for the device; true where that is not known


def cells(
    groups: Mapping[str, Sequence[Clip]], around: Surroundings, run: GateRun, *, in_turn: int = 0
) -> Iterator[CellWindows]:
    """Each clip of the corpora in ``groups``, which are prepared where they are stored log-mel, in each condition.

    With ``in_turn`` each clip with sound is in only so many conditions besides the clean one, which take turns.
    """
    voice = VoiceSpec()  # a training may go further than what is measured
    changes: dict[str, Change] = conditions(around) | {
        SHOUTED: lambda samples, rng: shouted(samples, voice, rng),
        WHISPERED: lambda samples, rng: whispered(samples, voice, rng),
    }
    of_frames: dict[str, FramesChange] = {
        CLEAN: lambda frames, _rng: frames,
        ECHO: lambda frames, rng: echoed(frames, run.recipe, rng),
        SHOUTED: lambda frames, rng: shouted_frames(frames, voice, rng),
        WHISPERED: lambda frames, rng: whispered_frames(frames, voice, rng),
    }
    others = [name for name in changes if name != CLEAN]
    for clips in groups.values():
        for place, clip in enumerate(clips):
            if clip.audio:
                turn = [others[(place * in_turn + step) % len(others)] for step in range(in_turn)] or others
                chosen = {name: changes[name] for name in (CLEAN, *turn)}
                yield from _of_samples(clip, recordings.samples(clip.audio, clip.padded_s), chosen)
            else:
                yield from _of_frames(clip, dataset.load([clip], run.cache).frames, of_frames)


def intensity(clip: Clip) -> str:
    """The corpus' own word; low, middle or high where listeners gave numbers."""
    if clip.level is None:
        return clip.intensity
    return ("low", "middle", "high")[int(np.searchsorted(_LEVELS, clip.level, side="right"))]


def sounding(windows: Sequence[Window]) -> NDArray[np.bool_]:
    """(n,) whether each of the ``windows`` of a clip has a second of sound."""
    levels = np.array([window.speech_dbfs for window in windows])
    present = levels[levels > _ENDED_DBFS]
    if not len(present):
        return np.zeros(len(windows), bool)
    loudest, pause = float(present.max()), float(np.percentile(present, _PAUSE_PERCENTILE))
    quietest = max(loudest + _ACTIVE_DB, min(pause + _OVER_PAUSE_DB, loudest + _PAUSE_DB))
    return np.asarray((levels > quietest).sum(axis=1) * GEOMETRY.hop_s >= _SPOKEN_S, bool)


def _of_samples(clip: Clip, samples: Floats, changes: Mapping[str, Change]) -> Iterator[CellWindows]:
    as_recorded = sounding(_cut(samples))
    for name, change in changes.items():
        changed = change(samples, np.random.default_rng([*clip.id.encode()]))
        windows = _cut(changed)
        spoken = as_recorded if len(changed) == len(samples) else sounding(windows)
        found = [window for window, is_spoken in zip(windows, spoken, strict=True) if is_spoken]
        if found:
            images = np.array([window.image for window in found])
            loud = [n_loud(window.speech_dbfs, LEVEL.min_dbfs) >= LEVEL.min_frames for window in found]
            yield CellWindows((clip.corpus, clip.emotion, intensity(clip), name), images, np.array(loud, bool))


def _cut(samples: Floats) -> list[Window]:
    windows = Windows(GEOMETRY, dataset.STRIDE_FRAMES * GEOMETRY.hop)
    return [*windows.push(samples, 0), *windows.finish()]


def _of_frames(clip: Clip, frames: Frames, changes: Mapping[str, FramesChange]) -> Iterator[CellWindows]:
    if np.count_nonzero(frames.max(axis=1) > _ACTIVE_DB) * GEOMETRY.hop_s < _SPOKEN_S:
        return
    for name, change in changes.items():
        changed = change(frames, np.random.default_rng([*clip.id.encode()]))
        levels = np.repeat(changed, GEOMETRY.n_mels // GEOMETRY.n_bands, axis=1)
        images = (dataset.windows(levels)[:1] ^ np.uint8(0x80)).view(np.int8)
        yield CellWindows((clip.corpus, clip.emotion, intensity(clip), name), images, np.ones(len(images), bool))
