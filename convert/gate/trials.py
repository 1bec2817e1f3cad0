"""Recordings to windows that are known to contain speech or not: the trials of every gate.

    clips of one side ──pauses, a quiet floor, with noise, with echo──► Recording: samples, where speech is
    Recording ──Windows, as on the device──► Trials: images, frame levels, truth; the votes of webrtcvad

A window counts as speech with half a second of it or more, as something else with none; those between are left out.
CREMA-D may come as log-mel only: webrtcvad and the level gate, which need sound, have no result for its windows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.gate import sounds as made_sounds
from convert.gate.material import Sounds
from convert.gate.recipe import GateRecipe, GateRun
from convert.gate.rooms import IN_A_ROOM, echoed, in_room
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd, int8_input
from edged.features.windows import Windows
from edged.models.level_gate import GateSettings, LevelGate
from edged.models.speech_gate import n_loud

MADE = "made: "  # how the groups of sounds by rule begin
MODES = (0, 1, 2, 3)  # of webrtcvad, from lenient to strict
WINDOWS_PER_HOUR = 3600 / (dataset.STRIDE_FRAMES * GEOMETRY.hop_s)
_RATE_HZ = GEOMETRY.sample_rate_hz
_VOTE = round(0.03 * _RATE_HZ)  # samples of a frame of webrtcvad
_PAUSE_S, _PAUSE_DB = 1.5, -50.0  # around a clip, the floor relative to the clip's rms
_ACTIVE_DB = -40.0  # a frame below this, relative to the clip's loudest, is not where speech begins or ends
_LEAST_S = 0.5  # of speech in a window that counts as speech
_ROOM_S = 30
_ROOMS_DBFS = (-70.0, -60.0, -50.0, -40.0)  # of silent rooms
_FAR = 10_000  # between the seeds of two sides; training's are below
LEVEL = GateSettings(margin_db=12.0, min_dbfs=-80.0, min_frames=25)  # the config's defaults


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound of one group, with the spans (samples) in which somebody speaks."""

    group: str
    samples: Floats
    spoken: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Trials:
    """Windows of all groups; ``nan`` where a gate cannot process the window."""

    group: NDArray[np.str_]
    speech: NDArray[np.bool_]
    images: NDArray[np.int8]  # (n, n_frames, n_bands)
    loud_frames: NDArray[np.int64]  # (n,) frames loud enough for the device; all where the level is not known
    votes: Floats  # (n, modes) share of webrtcvad's frames that are speech
    margin_db: Floats  # (n,) the greatest margin with which the level gate would open


def loud(windows: Trials) -> NDArray[np.bool_]:
    """(n,) whether each window is loud enough for the device to run the model."""
    return np.asarray(windows.loud_frames >= LEVEL.min_frames, bool)


def recorded(sounds: Sounds, unseen: dict[str, list[Clip]], run: GateRun, number: int) -> Iterator[Recording]:
    """All recordings of a side; ``number`` seeds the side's random draws."""
    rng, rooms = np.random.default_rng((run.seed, number)), np.random.default_rng((run.seed, number, 1))
    under = [_samples(clip) for clip in sounds.esc10]
    for name, clips in {**sounds.spoken, **unseen}.items():
        for clip in clips:
            if clip.audio:
                samples = _samples(clip)
                yield _spoken(name, samples, rng)
                if name in sounds.spoken:
                    yield _spoken(f"{name}, ESC-10 10 dB below", _mixed(samples, under, 10.0, rng), rng)
                yield _spoken(f"{name}{IN_A_ROOM}", samples, rooms, run.recipe)
    for clip, turns in sounds.meetings:
        spans = tuple((round(start_s * _RATE_HZ), round(end_s * _RATE_HZ)) for start_s, end_s in turns)
        yield Recording("ami", _samples(clip), spans)
    for clip in (*sounds.esc10, *sounds.noise):
        yield Recording(f"ESC-10: {clip.emotion}" if clip.corpus == "esc10" else "noise", _samples(clip))
    for samples in under:
        yield Recording(f"ESC-10{IN_A_ROOM}", in_room(samples, run.recipe, rooms))
    yield from _made(run.recipe.n_synthetic, number)


def trials(found: Iterator[Recording], stored: Sequence[Clip], run: GateRun, number: int) -> Trials:
    """Windows of recordings, then those of ``stored`` log-mel, as it is and in rooms; ``number`` as above."""
    parts = [_of_sound(recording) for recording in found]
    parts += [_of_logmel(clip.corpus, dataset.images(clip, run.cache)) for clip in stored]
    rng = np.random.default_rng((run.seed, number, 2))
    for clip in stored:
        frames = echoed(dataset.load([clip], run.cache).frames, run.recipe, rng)
        levels = np.repeat(frames, GEOMETRY.n_mels // GEOMETRY.n_bands, axis=1)
        parts.append(_of_logmel(f"{clip.corpus}{IN_A_ROOM}", dataset.windows(levels)))
    return Trials(*(np.concatenate(columns) for columns in zip(*map(_columns, parts), strict=True)))


def _made(count: int, number: int) -> Iterator[Recording]:
    """Sounds that no corpus has: synthetic ones, empty rooms, silence."""
    for kind in made_sounds.KINDS:
        for place in range(count):
            yield Recording(f"{MADE}{kind}", made_sounds.made(kind, number * _FAR + place))
    for level_dbfs in _ROOMS_DBFS:
        floor = made_sounds.pink(_ROOM_S * _RATE_HZ, number * _FAR) * np.float32(10 ** (level_dbfs / 20))
        yield Recording(f"{MADE}empty room", floor)
    yield Recording(f"{MADE}digital silence", np.zeros(_ROOM_S * _RATE_HZ, np.float32))


def _samples(clip: Clip) -> Floats:
    if clip.audio is None:
        raise UsageError(f"clip {clip.id}: only log-mel, expected sound")
    return recordings.samples(clip.audio)


def _of_logmel(group: str, images: NDArray[np.uint8]) -> Trials:
    """Windows of speech of which there is log-mel but no sound."""
    absent = np.full(len(images), np.nan, np.float32)
    return Trials(
        np.full(len(images), group),
        np.ones(len(images), bool),
        int8_input(images),
        np.full(len(images), GEOMETRY.n_frames),
        np.repeat(absent[:, None], len(MODES), axis=1),
        absent,
    )


def _columns(part: Trials) -> tuple[NDArray[np.generic], ...]:
    return part.group, part.speech, part.images, part.loud_frames, part.votes, part.margin_db


def _spoken(group: str, samples: Floats, rng: np.random.Generator, room: GateRecipe | None = None) -> Recording:
    """A clip between two pauses, a quiet floor under all of it; in one of ``room``'s rooms, where given."""
    levels = FrontEnd().clip_levels(samples).max(axis=1)
    active = np.flatnonzero(levels > levels.max() + _ACTIVE_DB) * GEOMETRY.hop
    pause = round(_PAUSE_S * _RATE_HZ)
    whole = np.pad(samples, pause) if room is None else in_room(np.pad(samples, pause), room, rng)
    floor = made_sounds.pink(len(whole), int(rng.integers(2**31)))
    whole = whole + floor * np.float32(float(samples.std()) * 10 ** (_PAUSE_DB / 20))
    return Recording(group, whole, ((pause + int(active[0]), pause + int(active[-1])),))


def _mixed(samples: Floats, under: list[Floats], below_db: float, rng: np.random.Generator) -> Floats:
    noise = np.resize(under[rng.integers(len(under))], len(samples))
    scale = samples.std() / max(float(noise.std()), 1e-9) * 10 ** (-below_db / 20)
    return np.asarray(np.clip(samples + noise * scale, -1, 1), np.float32)


def _of_sound(recording: Recording) -> Trials:
    flags = _flags(recording.samples)
    level = LevelGate(LEVEL, stride_s=dataset.STRIDE_FRAMES * GEOMETRY.hop_s)
    windows = Windows(GEOMETRY, dataset.STRIDE_FRAMES * GEOMETRY.hop)
    rows = []
    for window in (*windows.push(recording.samples, 0), *windows.finish()):
        level.detects_speech(window.speech_dbfs)
        floor_dbfs = level.floor_dbfs if level.floor_dbfs is not None else 0.0
        enough = np.sort(window.speech_dbfs)[-LEVEL.min_frames]  # so many frames are as loud or louder
        margin_db = enough - floor_dbfs if enough > LEVEL.min_dbfs else -np.inf
        spoken = sum(max(0, min(end, window.end) - max(start, window.start)) for start, end in recording.spoken)
        if recording.spoken and spoken < _LEAST_S * _RATE_HZ:
            continue
        votes = flags[window.start // _VOTE : max(window.end // _VOTE, window.start // _VOTE + 1)].mean(axis=0)
        loud = n_loud(window.speech_dbfs, LEVEL.min_dbfs)
        rows.append((bool(recording.spoken), window.image, loud, votes, margin_db))
    shape = (0, GEOMETRY.n_frames, GEOMETRY.n_bands)
    return Trials(
        np.full(len(rows), recording.group),
        np.array([row[0] for row in rows], bool),
        np.array([row[1] for row in rows], np.int8).reshape(-1, *shape[1:]),
        np.array([row[2] for row in rows], np.int64),
        np.array([row[3] for row in rows], np.float32).reshape(-1, len(MODES)),
        np.array([row[4] for row in rows], np.float32),
    )


def _flags(samples: Floats) -> NDArray[np.bool_]:
    """(n_frames, modes) webrtcvad's answer for each 30 ms; it processes the whole recording in order."""
    pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
    pcm = np.pad(pcm, (0, -len(pcm) % _VOTE)).reshape(-1, _VOTE)
    found = np.zeros((len(pcm), len(MODES)), bool)
    for mode in MODES:
        vad = webrtcvad.Vad(mode)
        found[:, mode] = [vad.is_speech(frame.tobytes(), _RATE_HZ) for frame in pcm]
    return found
