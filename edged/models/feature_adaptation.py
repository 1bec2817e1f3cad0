"""Where this place's voices lie among the features: learned without labels, and moved to where training expects them.

    features x (n,) and scores (n_labels,) of each speech window ──running means──► mean_x (n,), mean_p (n_labels,)
    mean_x - mean_p @ offsets - centre ──s / (s + caution), bounded──► shift (n,)
    x - shift ──► models

A voice, a room and a microphone move all features of a place by about the same amount, and that is the largest error of
a recogniser among people it was not trained on.  A plain mean of the features shows that amount, but also the emotions
that happened to come: twenty angry sentences move it as far as another voice does.  So x is taken as the sum of what
belongs to the place, mu, and of an offset of the emotion, and both are estimated together (expectation maximisation):

    E: p = scores of (x - shift) ** power * pi, sum 1         share of each emotion in this window
    M: mu = mean of (x - p @ offsets)                         what is left belongs to the place
       pi = (k * prior + sum of p) / (k + n)                  mixture under a Dirichlet prior, mostly neutral

Each window takes one such step and is forgotten (Cappé and Moulines 2009, online EM).  Busso et al. 2013 (iterative
feature normalization, IEEE Trans. Affective Computing 4(4)) iterate over what is heard as neutral instead; the offsets
let the other emotions count too.

Two means are kept apart: of what was listened to, which fades with a half-life, and of a calibration, whose speaker
said that he spoke as always.  So a calibration can be repeated and taken back, and costs nothing of what was learned.
"""

import math
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from edged.config.priors import prior_distribution
from edged.config.structs import Baseline as Settings
from edged.errors import ModelError
from edged.features.logmel import Floats
from edged.models.feature_statistics import FeatureStatistics

__all__ = ["FeatureAdaptation", "Settings"]

_MAX_SPREADS = 10.0  # largest shift of a feature, in standard deviations of speakers: what lies further is no voice
_TRUST = 10.0  # a second of calibration counts as so many seconds of listening: its emotion is known
_MAX_VALUE = 1e4  # of a stored mean, in spreads from the centre
_MAX_S = 1e9
_TOLERANCE = 1e-3
_VERSION = 1

_Vector = NDArray[np.float64]


@dataclass(slots=True)
class _Means:
    """Running means over ``speech_s`` seconds of speech."""

    x: _Vector  # (n,) features
    p: _Vector  # (n_labels,) shares of the emotions
    speech_s: float = 0.0

    def add(self, x: _Vector, p: _Vector, new_s: float) -> None:
        self.speech_s += new_s
        self.x += (x - self.x) * (new_s / self.speech_s)
        self.p += (p - self.p) * (new_s / self.speech_s)


class _StoredMeans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    speech_s: float
    x: bytes  # float32, little-endian
    p: bytes


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is saved."""

    version: int
    bundle: str
    microphone: str
    labels: tuple[str, ...]
    since: float | None
    listening: _StoredMeans
    calibration: _StoredMeans | None


class FeatureAdaptation:
    """Running means of features at one place.  The pipeline's thread owns it; it takes the same memory for ever."""

    def __init__(self, labels: tuple[str, ...], statistics: FeatureStatistics, settings: Settings) -> None:
        """``statistics`` are the bundle's.

        Raises:
            ConfigError: ``settings.expected`` is no distribution over ``labels``.
        """
        self._labels, self._statistics = labels, statistics
        self._centre = statistics.centre.astype(np.float64)
        self._offsets = statistics.offsets.astype(np.float64)
        self._spread = statistics.spread.astype(np.float64)
        self.change(settings)
        self.reset()

    def change(self, settings: Settings) -> None:
        """Applies new settings; what was learned stays.

        Raises:
            ConfigError: as above.
        """
        self._prior = np.array(prior_distribution(settings.expected, self._labels))
        self.settings = settings

    def reset(self) -> None:
        """Starts from scratch."""
        self.since: float | None = None  # UTC of the first window learned from; the clock may have been wrong
        self._listening = self._nothing()
        self._calibration: _Means | None = None
        self._update()

    @property
    def active(self) -> bool:
        """Whether features are to be corrected."""
        return self.settings.mode != "off"

    @property
    def speech_s(self) -> float:
        """Seconds of speech listened to, after forgetting."""
        return self._listening.speech_s

    @property
    def calibration_s(self) -> float:
        """Seconds of speech of the calibration; 0 without one."""
        return self._calibration.speech_s if self._calibration else 0.0

    @property
    def distance(self) -> float:
        """Root mean square of the shift in spreads: 1 is as far as one speaker is from the mean of all."""
        return float(np.sqrt(np.mean((self.shift / self._spread) ** 2)))

    def corrected(self, x: Floats) -> Floats:
        """(..., n) features ``x`` without the shift."""
        return np.asarray(x - self.shift, np.float32)

    def learn(self, x: Floats, scores: Floats, new_s: float, *, utc_s: float | None = None) -> None:
        """Learns from the features ``x`` (n,) of a speech window, as they came.

        ``scores`` (n_labels,) are those of the corrected features, ``new_s`` seconds of its sound were in no window
        before, ``utc_s`` is the wall clock.  A window with a value that is not finite teaches nothing.
        """
        if self.settings.mode != "on" or not np.isfinite(x).all() or not np.isfinite(scores).all():
            return
        self.since = utc_s if self.since is None else self.since
        listening, weight_s = self._listening, self._statistics.prior_weight_s
        listening.speech_s *= 0.5 ** (new_s / (60 * self.settings.half_life_min))
        mixture = (weight_s * self._prior + listening.speech_s * listening.p) / (weight_s + listening.speech_s)
        shares = np.maximum(scores, 0, dtype=np.float64) ** self._statistics.power * mixture
        total = shares.sum()
        listening.add(x.astype(np.float64), shares / total if total > 0 else mixture, new_s)
        self._update()

    def calibrate(self, x: Floats, speech_s: float, *, utc_s: float | None = None) -> None:
        """Takes the features ``x`` (n_windows, n) of ``speech_s`` seconds as how people here usually speak.

        It replaces a calibration made before.  ``baseline.expected`` says which emotions are usual.

        Raises:
            ValueError: there is no window, or no finite value.
        """
        if not len(x) or not speech_s > 0 or not np.isfinite(x).all():
            raise ValueError(f"{len(x)} windows with {speech_s:g} s of speech, expected finite features of speech")
        self.since = utc_s if self.since is None else self.since
        self._calibration = _Means(np.mean(x, axis=0, dtype=np.float64), self._prior.copy(), speech_s)
        self._update()

    def forget_calibration(self) -> bool:
        """Takes the calibration back; what was listened to stays.  False where there is none."""
        had, self._calibration = self._calibration is not None, None
        if not self.speech_s:
            self.since = None
        self._update()
        return had

    def encoded(self, *, bundle: str, microphone: str) -> bytes:
        """What was learned, as JSON: means and seconds, with the bundle's digest and the microphone."""
        calibration = _stored(self._calibration) if self._calibration else None
        return msgspec.json.encode(
            _Stored(_VERSION, bundle, microphone, self._labels, self.since, _stored(self._listening), calibration)
        )

    def restore(self, content: bytes, *, bundle: str, microphone: str | None) -> bool:
        """Takes over what ``encoded`` gave; False where that is of another bundle or another microphone.

        ``microphone`` None accepts any.

        Raises:
            ModelError: ``encoded`` does not give this; nothing is taken over.
        """
        try:
            stored = msgspec.json.decode(content, type=_Stored)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise ModelError(f"{exc}, expected an adaptation state that edged wrote") from exc
        if (stored.version, stored.bundle) != (_VERSION, bundle) or microphone not in {None, stored.microphone}:
            return False
        if stored.labels != self._labels:
            raise ModelError(f"labels are {list(stored.labels)}, expected {list(self._labels)}")
        listening = self._restored(stored.listening, "listening")
        calibration = self._restored(stored.calibration, "calibration") if stored.calibration else None
        self._listening, self._calibration, self.since = listening, calibration, stored.since
        self._update()
        return True

    def _nothing(self) -> _Means:
        return _Means(self._centre.copy(), self._prior.copy())

    def _update(self) -> None:
        """Computes ``shift`` (n,), what is subtracted from the features now."""
        listening, calibration = self._listening, self._calibration
        both = _Means(listening.x.copy(), listening.p.copy(), listening.speech_s)
        if calibration is not None:
            both.add(calibration.x, calibration.p, _TRUST * calibration.speech_s)
        weight = both.speech_s / (both.speech_s + self._statistics.caution_s) if both.speech_s else 0.0
        difference = both.x - both.p @ self._offsets - self._centre
        limit = _MAX_SPREADS * self._spread
        self.shift: Floats = np.asarray(np.clip(difference, -limit, limit) * weight, np.float32)

    def _restored(self, stored: _StoredMeans, which: str) -> _Means:
        n_features, n_labels = len(self._centre), len(self._labels)
        if (len(stored.x), len(stored.p)) != (4 * n_features, 4 * n_labels):
            raise ModelError(
                f"{which} has {len(stored.x)} and {len(stored.p)} bytes, expected 4 for each of {n_features} features"
                f" and of {n_labels} labels"
            )
        x, p = (np.frombuffer(array, "<f4").astype(np.float64) for array in (stored.x, stored.p))
        far = np.abs(x - self._centre) / self._spread
        # Comparisons with NaN are false, so each condition is what must hold.
        if not (far.max() <= _MAX_VALUE and p.min() >= 0 and math.isclose(p.sum(), 1, abs_tol=_TOLERANCE)):
            raise ModelError(f"{which} has a mean that no speech has, expected values that edged wrote")
        if not 0 <= stored.speech_s <= _MAX_S:
            raise ModelError(f"{which}.speech_s is {stored.speech_s:g}, expected 0 to {_MAX_S:g}")
        return _Means(x, p, stored.speech_s)


def _stored(means: _Means) -> _StoredMeans:
    return _StoredMeans(means.speech_s, means.x.astype("<f4").tobytes(), means.p.astype("<f4").tobytes())
