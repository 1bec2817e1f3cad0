"""Running means of features and of the emotions in them, and their stored form.

x (n,), p (n_labels,), new_s ──add──► Means ──stored──► StoredMeans, 4 bytes a number ──restored, checked──► Means
"""

import math
from dataclasses import dataclass
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from edged.errors import ModelError

Vector = NDArray[np.float64]

_MAX_SPREADS = 1e4  # of a stored mean from the centre
_MAX_S = 1e9
_TOLERANCE = 1e-3


class StoredMeans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Means in a file, as float32, little-endian."""

    speech_s: float
    x: bytes
    p: bytes


@dataclass(slots=True)
class Means:
    """Means over ``speech_s`` seconds of speech."""

    x: Vector  # (n,) features
    p: Vector  # (n_labels,) shares of the emotions
    speech_s: float = 0.0

    def add(self, x: Vector, p: Vector, new_s: float) -> None:
        """Counts ``new_s`` > 0 seconds of speech with these features and shares."""
        self.speech_s += new_s
        self.x += (x - self.x) * (new_s / self.speech_s)
        self.p += (p - self.p) * (new_s / self.speech_s)

    def copy(self) -> Self:
        """A copy that can be changed."""
        return type(self)(self.x.copy(), self.p.copy(), self.speech_s)

    def stored(self) -> StoredMeans:
        """For a file."""
        return StoredMeans(self.speech_s, self.x.astype("<f4").tobytes(), self.p.astype("<f4").tobytes())


def restored(stored: StoredMeans, which: str, *, centre: Vector, spread: Vector, n_labels: int) -> Means:
    """The means in ``stored``; ``which`` names them in the error, ``centre`` and ``spread`` (n,) are the bundle's.

    Raises:
        ModelError: the numbers cannot be means of speech.
    """
    n_features = len(centre)
    if (len(stored.x), len(stored.p)) != (4 * n_features, 4 * n_labels):
        raise ModelError(
            f"{which} has {len(stored.x)} and {len(stored.p)} bytes, expected 4 for each of {n_features} features and"
            f" of {n_labels} labels"
        )
    x, p = (np.frombuffer(array, "<f4").astype(np.float64) for array in (stored.x, stored.p))
    # Comparisons with NaN are false, so each condition is what must hold.
    near = (np.abs(x - centre) / spread).max() <= _MAX_SPREADS
    if not (near and p.min() >= 0 and math.isclose(p.sum(), 1, abs_tol=_TOLERANCE)):
        raise ModelError(f"{which} has a mean that no speech has, expected values that edged wrote")
    if not 0 <= stored.speech_s <= _MAX_S:
        raise ModelError(f"{which}.speech_s is {stored.speech_s:g}, expected 0 to {_MAX_S:g}")
    return Means(x, p, stored.speech_s)
