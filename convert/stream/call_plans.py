"""Clips of a speaker to composed calls whose course is known.

    clips by label, plan ──customer's turns of three clips, another speaker's answers──► (n, 2) samples at 16 kHz
                         ──telephone: 300 to 3400 Hz──► the same, to be written at 8 kHz in mu-law

The customer is on the left channel, the other speaker on the right.  Clips are drawn without replacement until a label
has none left.  All plans of one speaker and seed differ in their labels alone.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.signal import butter, sosfiltfilt

from convert.corpora.clip import Clip
from convert.data import recordings
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_RATE_HZ = GEOMETRY.sample_rate_hz
_HOT, _CALM = "angry", "neutral"
# Shares of the call, in order.
PLANS: dict[str, tuple[tuple[str, float], ...]] = {
    "calms early": ((_HOT, 0.3), (_CALM, 0.7)),
    "calms late": ((_HOT, 0.7), (_CALM, 0.3)),
    "flat neutral": ((_CALM, 1.0),),
    "flat angry": ((_HOT, 1.0),),
    "escalates early": ((_CALM, 0.3), (_HOT, 0.7)),
    "escalates late": ((_CALM, 0.7), (_HOT, 0.3)),
    "up and down": ((_HOT, 0.25), (_CALM, 0.25), (_HOT, 0.25), (_CALM, 0.25)),
}
LABELS = (_HOT, _CALM)  # that a speaker needs
N_CLIPS = 20  # of the customer: about a minute of speech
_TURN = 3  # clips of the customer before the other speaker answers
_PAUSE_S = (0.1, 0.5)
_ANSWER_S = 2.5
_FLOOR = 1e-3  # rms of the line's noise, -60 dBFS
_TELEPHONE_HZ, _ORDER = (300.0, 3400.0), 4


def call(clips: Mapping[str, Sequence[Clip]], answers: Sequence[Clip], plan: str, seed: Sequence[int]) -> Floats:
    """(n, 2) one call of the customer with ``clips`` by label; without ``answers`` the customer is alone."""
    rng = np.random.default_rng(seed)
    labels = [label for label, share in PLANS[plan] for _ in range(round(share * N_CLIPS))]
    left: list[Floats] = []
    right: list[Floats] = []
    pools: dict[str, list[int]] = {}
    for number, label in enumerate(labels, start=1):
        pool = pools.setdefault(label, [])
        if not pool:
            pool += [int(index) for index in rng.permutation(len(clips[label]))]
        spoken = _samples(clips[label][pool.pop()])
        pause = np.zeros(round(float(rng.uniform(*_PAUSE_S)) * _RATE_HZ), np.float32)
        left += [spoken, pause]
        right.append(np.zeros(len(spoken) + len(pause), np.float32))
        if number % _TURN == 0:
            answer = np.zeros(round(_ANSWER_S * _RATE_HZ), np.float32)
            if answers:
                answer = _samples(answers[int(rng.integers(len(answers)))])
            right.append(answer)
            left.append(np.zeros(len(answer), np.float32))
    sides = np.stack([np.concatenate(left), np.concatenate(right)], axis=1)
    return np.asarray(sides + np.random.default_rng(seed).normal(0, _FLOOR, sides.shape), np.float32)


def telephone(sides: Floats) -> Floats:
    """(n / 2, 2) ``sides`` (n, 2) in the band of a telephone, at 8 kHz."""
    band = butter(_ORDER, _TELEPHONE_HZ, "bandpass", fs=_RATE_HZ, output="sos")
    return np.asarray(sosfiltfilt(band, sides, axis=0)[::2], np.float32)


def _samples(clip: Clip) -> Floats:
    """The clip at an rms of -26 dBFS: what a line's automatic gain makes of it."""
    if clip.audio is None:
        raise ValueError(f"clip {clip.id} has no sound")
    samples = recordings.samples(clip.audio, clip.padded_s)
    return np.asarray(samples * (0.05 / max(float(np.sqrt(np.mean(samples**2))), 1e-6)), np.float32)
