"""Sound, or the log-mel of it, to the same in a room with echo, drawn at random.

    samples (n,) ──a room's response, as for augmented copies──► samples (n,)
    frames (k, 64) dB ──earlier powers added──► frames (m, 64) dB, with the reverberation after the end

A gate that is trained without echo misses half of the speech in a hard room: it recognises speech by the pauses between
syllables, and echo fills them.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from convert.augment.copies import levels_elsewhere
from convert.augment.sound import room
from convert.gate.recipe import GateRecipe
from convert.recipes.spec import SoundSpec
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

IN_A_ROOM = " in a room with echo"  # how the groups of such windows end
_DEEPEST_DB = -110.0  # below the loudest cell, as a clip's own frames are kept
_ACTIVE_DB = -45.0  # what rings on below this is left out


def in_room(samples: Floats, recipe: GateRecipe, rng: np.random.Generator) -> Floats:
    """(n,) ``samples`` (n,) with the echo of a room, as loud as they were unless that would clip."""
    response = room(rng.uniform(*recipe.room_s), rng.uniform(*recipe.direct_db), rng)
    found = fftconvolve(samples, response)[: len(samples)]
    gain = float(samples.std()) / max(float(found.std()), 1e-9)
    return np.asarray(found * min(gain, 1 / max(float(np.abs(found).max()), 1e-9)), np.float32)


def echoed(frames: NDArray[np.float16], recipe: GateRecipe, rng: np.random.Generator) -> NDArray[np.float16]:
    """(m, n_bands) dB below the loudest cell: ``frames`` (k, n_bands) in a room, until its echo has died away."""
    spec = SoundSpec(room_p=1, room_s=recipe.room_s, direct_db=recipe.direct_db, noise_p=0, microphone_p=0)
    longest = round(recipe.room_s[1] / GEOMETRY.hop_s)
    whole = np.pad(frames.astype(np.float32), ((0, longest), (0, 0)), constant_values=_DEEPEST_DB)
    found = levels_elsewhere(whole, whole, spec, rng)
    found = np.maximum(found - found.max(), _DEEPEST_DB)
    last = np.flatnonzero(found.max(axis=1) > _ACTIVE_DB)[-1]
    return np.asarray(found[: last + 1], np.float16)
