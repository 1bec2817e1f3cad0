"""Turns of the demo's conversation to calls with a customer and an agent, one party a channel.

    words ("angry", "neutral", …) ──sample.flac──► customer (n,), agent (n,) ──write──► stereo recording

The agent answers each turn of the customer with one of the neutral turns.  Nothing is drawn at random.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from edged.demo.sample import SAMPLE, load_turns
from edged.features.logmel import Floats

RATE_HZ = 16_000
CALMS = ("angry", "angry", "fear", "angry", "neutral", "neutral", "happy", "neutral", "neutral")
ESCALATES = ("neutral", "neutral", "neutral", "angry", "fear", "angry", "disgust", "angry", "angry")
_PAUSE = RATE_HZ // 4


@cache
def turns() -> dict[str, list[Floats]]:
    """The demo's turns by the emotion that is meant."""
    samples, _ = soundfile.read(SAMPLE, dtype="float32")
    by_label: dict[str, list[Floats]] = {}
    for turn in load_turns():
        first, last = round(turn.start_s * RATE_HZ), round(turn.end_s * RATE_HZ)
        by_label.setdefault(turn.meant, []).append(samples[first:last])
    return by_label


def call(words: Sequence[str], *, agent: bool = True, noise: float = 1e-4) -> Floats:
    """(n, 2) float32 at 16 kHz: the customer left, the agent right, over a little noise."""
    customer: list[Floats] = []
    other: list[Floats] = []
    for index, word in enumerate(words):
        choices = turns()[word]
        spoken = choices[index % len(choices)]
        answer = turns()["neutral"][1][: 2 * RATE_HZ] if agent else np.zeros(2 * RATE_HZ, np.float32)
        customer += [spoken, np.zeros(_PAUSE + len(answer), np.float32)]
        other += [np.zeros(len(spoken) + _PAUSE, np.float32), answer]
    sides = np.stack([np.concatenate(customer), np.concatenate(other)], axis=1)
    floor = np.random.default_rng(1).normal(0, noise, sides.shape)
    return np.asarray(sides + floor, np.float32)


def write(file: Path, sides: Floats, rate_hz: int = RATE_HZ, **settings: str) -> Path:
    """A recording of ``sides`` (n,) or (n, channels) at 16 kHz, at any other rate by taking every k-th sample."""
    step = RATE_HZ // rate_hz
    soundfile.write(file, sides[::step] if step > 1 else sides, rate_hz, **settings)
    return file
