"""Clips of two people to a composed mono call, and who speaks in each frame.

    clips of two speakers ──turns of one to three clips, pauses──► samples (n,) at 16 kHz, truth (k,): nobody, 1, 2
                          ──telephone: 300 to 3400 Hz──► the same at 8 kHz

The customer is half angry and half neutral, the other speaker neutral: an angry voice differs from the same voice calm,
which a split must not take for two people.  All clips have one level, as a line's automatic gain makes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from convert.corpora.clip import Clip
from convert.data import recordings
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

LABELS = ("angry", "neutral")  # that a speaker needs
_RATE_HZ = GEOMETRY.sample_rate_hz
_N_CLIPS = 32
_TURN = (1, 3)  # clips
_PAUSE_S = (0.1, 0.5)
_RMS = 0.05  # -26 dBFS
_FLOOR = 1e-3  # rms of the line's noise, -60 dBFS
_SPOKEN_DB = -30.0  # a frame of a clip that is softer than this below its loudest is a pause

Truth = np.ndarray[tuple[int, ...], np.dtype[np.int8]]


@dataclass(frozen=True, slots=True)
class Person:
    """A speaker and their clips."""

    name: str
    gender: str
    clips: Sequence[Clip]


def people(clips: Sequence[Clip]) -> list[Person]:
    """The speakers of ``clips`` that have all of ``LABELS``."""
    by_speaker: dict[tuple[str, str], list[Clip]] = {}
    for clip in clips:
        if clip.label is not None:
            by_speaker.setdefault((clip.speaker, clip.gender), []).append(clip)
    known = [Person(name, gender, own) for (name, gender), own in by_speaker.items()]
    return [person for person in known if {clip.label for clip in person.clips} >= set(LABELS)]


def pairs(known: Sequence[Person], n: int, seed: int) -> list[tuple[Person, Person]]:
    """``n`` pairs of one gender, or all there are, in a drawn order; the first is the customer."""
    rng = np.random.default_rng(seed)
    all_of_them = [pair for pair in combinations(known, 2) if pair[0].gender == pair[1].gender]
    drawn = [all_of_them[int(index)] for index in rng.permutation(len(all_of_them))[:n]]
    return [pair if rng.random() < 0.5 else pair[::-1] for pair in drawn]  # noqa: PLR2004 -- either way round


def mono_call(customer: Person, other: Person, seed: Sequence[int]) -> tuple[Floats, Truth]:
    """(n,) samples, and (k,) of each frame of the front end who speaks: 0 nobody, 1 the customer, 2 the other."""
    rng = np.random.default_rng(seed)
    by_label = [[clip for clip in customer.clips if clip.label == label] for label in LABELS]
    n_each = min(map(len, by_label))
    sources = [
        [clip for clips in by_label for clip in clips[:n_each]],
        [clip for clip in other.clips if clip.label == "neutral"],
    ]
    left: list[list[int]] = [[], []]
    sound: list[Floats] = []
    truth: list[Truth] = []
    side = n_clips = 0
    while n_clips < _N_CLIPS:
        for _ in range(int(rng.integers(_TURN[0], _TURN[1] + 1))):
            if not left[side]:
                left[side] += [int(index) for index in rng.permutation(len(sources[side]))]
            spoken = levelled(sources[side][left[side].pop()])
            pause = np.zeros(round(float(rng.uniform(*_PAUSE_S)) * _RATE_HZ), np.float32)
            sound += [spoken, pause]
            truth += [_speaking(spoken) * np.int8(side + 1), np.zeros(len(pause), np.int8)]
            n_clips += 1
        side = 1 - side
    mono, spoken_by = np.concatenate(sound), np.concatenate(truth)
    mono += rng.normal(0, _FLOOR, len(mono)).astype(np.float32)
    centres = np.arange(len(mono) // GEOMETRY.hop) * GEOMETRY.hop + GEOMETRY.hop // 2
    return mono, spoken_by[centres]


def levelled(clip: Clip) -> Floats:
    """(n,) the clip at the rms of all.

    Raises:
        ValueError: it has no sound.
    """
    if clip.audio is None:
        raise ValueError(f"clip {clip.id} has no sound")
    samples = recordings.samples(clip.audio, clip.padded_s)
    return np.asarray(samples * (_RMS / max(float(np.sqrt(np.mean(samples**2))), 1e-6)), np.float32)


def wrong_share(found: Truth, truth: Truth) -> float:
    """The share of speech that ``found`` (k,) gives to the wrong voice, whichever of its voices is which.

    Frames count that somebody speaks in and that ``found`` gives to anybody.
    """
    n = min(len(found), len(truth))
    both = (found[:n] > 0) & (truth[:n] > 0)
    if not both.any():
        return 1.0
    wrong = float(np.mean(found[:n][both] != truth[:n][both]))
    return min(wrong, 1 - wrong)


def _speaking(spoken: Floats) -> Truth:
    """(n,) 1 where the clip is loud."""
    n = -(-len(spoken) // GEOMETRY.hop)
    padded = np.pad(spoken, (0, n * GEOMETRY.hop - len(spoken))).reshape(n, GEOMETRY.hop)
    level_db = 10 * np.log10(np.maximum(np.square(padded).mean(axis=1), 1e-12))
    loud = level_db > level_db.max() + _SPOKEN_DB
    return np.repeat(loud, GEOMETRY.hop)[: len(spoken)].astype(np.int8)
