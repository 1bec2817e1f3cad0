"""Worse conditions by name: noise, a room, a telephone, MP3, a soft voice.

    samples (n,) ──condition──► samples (n,)

The robustness rows and the gate are tested under the same conditions.
"""

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, fftconvolve, sosfiltfilt

from convert.data import recordings
from convert.data.surroundings import Surroundings
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

NOISES_DB = (20, 10, 5, 0)
_RATE_HZ = GEOMETRY.sample_rate_hz
_TELEPHONE_HZ = (300.0, 3400.0)
_TELEPHONE_ORDER = 4  # filtered forwards and backwards, which doubles it
_SOFTER_DB = 20.0
_STEP = 1 / 32768  # of 16 bits: a soft voice has few of them

Change = Callable[[Floats, np.random.Generator], Floats]


def conditions(around: Surroundings) -> dict[str, Change]:
    """The changes by name; noise and rooms only where ``around`` has some."""
    changes: dict[str, Change] = {"clean": lambda samples, _rng: samples}
    noises = [recordings.samples(clip.audio) for clip in around.noises if clip.audio]
    if noises:
        for db in NOISES_DB:
            changes[f"noise_{db}"] = _noisy(noises, db)
    rooms = [recordings.response(file) for file in around.rooms]
    if rooms:
        changes["room"] = lambda samples, rng: _in_room(samples, rooms[rng.integers(len(rooms))])
    changes["telephone"] = lambda samples, _rng: _telephone(samples)
    changes["mp3"] = lambda samples, _rng: recordings.through_mp3(samples)
    changes["softer"] = lambda samples, _rng: _softer(samples)
    return changes


def _noisy(noises: list[Floats], below_db: float) -> Change:
    def change(samples: Floats, rng: np.random.Generator) -> Floats:
        noise = noises[rng.integers(len(noises))]
        first = int(rng.integers(len(noise)))
        under = np.take(noise, np.arange(first, first + len(samples)), mode="wrap")
        scale = samples.std() / max(float(under.std()), 1e-9) * 10 ** (-below_db / 20)
        return np.asarray(samples + under * scale, np.float32)

    return change


def _in_room(samples: Floats, response: Floats) -> Floats:
    return np.asarray(fftconvolve(samples, response)[: len(samples)], np.float32)


def _telephone(samples: Floats) -> Floats:
    band = butter(_TELEPHONE_ORDER, _TELEPHONE_HZ, "bandpass", fs=_RATE_HZ, output="sos")
    return np.asarray(sosfiltfilt(band, samples), np.float32)


def _softer(samples: Floats) -> Floats:
    soft = samples * np.float32(10 ** (-_SOFTER_DB / 20))
    return np.asarray(np.rint(soft / _STEP) * _STEP, np.float32)
