"""The constant shift that microphone, room and voices put on all features: learned without labels, and removed.

    features x (n,) and scores (n_labels,) of each speech window ──running means──► mean_x (n,), mean_p (n_labels,)
    mean_x - mean_p @ offsets - centre ──s / (s + caution), bounded──► shift (n,)
    x - shift ──models──► scores (n_labels,); with those of x, weighted geometric mean ──► what is published

A voice, a room and a microphone shift all features of a place by about the same amount, which is the largest error of a
recogniser with people it was not trained on.  A plain mean of the features shows that amount, but also the emotions
that happened to occur: twenty angry sentences move it as far as another voice does.  So x is modelled as the sum of the
place's mean mu and the offset of an emotion, and both are estimated together (expectation maximisation):

    E: p = scores of (x - shift) ** power * pi, sum 1         share of each emotion in this window
    M: mu = mean of (x - p @ offsets)                         what is left belongs to the place
       pi = (k * prior + sum of p) / (k + n)                  mixture under a Dirichlet prior, mostly neutral

Each window takes one such step and is not stored (Cappé and Moulines 2009, online EM).  Busso et al. 2013 (iterative
feature normalization, IEEE Trans. Affective Computing 4(4)) iterate over the speech classified as neutral instead; the
offsets let the other emotions count too.

Where the bundle's ``share`` is below 1, the scores of the features as they come have a say too.  In a home with an
unusual mood the shift is partly wrong, and their mean then costs less; learning goes by the corrected scores alone.

There are two means: that of listening, which fades with a half-life, and that of a calibration, for which somebody was
asked to speak as usual.  So a calibration can be repeated and undone without losing what was learned.  Its seconds
weigh as much as those of listening: with ten times the weight, results were worse after the next 30 s of speech, and
much worse if the calibration was spoken in anger (docs/decisions/0030).
"""

import msgspec
import numpy as np

from edged.config.priors import prior_distribution
from edged.config.structs import Baseline as Settings
from edged.errors import ModelError
from edged.features.logmel import Floats
from edged.models.feature_means import Means, StoredMeans, Vector, restored
from edged.models.feature_statistics import FeatureStatistics

__all__ = ["FeatureAdaptation", "Settings"]

_MAX_SPREADS = 10.0  # largest shift of a feature, in standard deviations of speakers: no voice is further away
_MIN_SCORE = 1 / 512  # half of the finest step of an int8 score
_MAX_EFFECT = 10.0  # nats, more than between a score of 1 and the smallest one
_EFFECT_S = 60.0  # seconds of speech over which the effect is averaged
_VERSION = 1


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is saved."""

    version: int
    bundle: str
    microphone: str
    labels: tuple[str, ...]
    effect: tuple[float, ...]
    listening: StoredMeans
    calibration: StoredMeans | None


class FeatureAdaptation:
    """Running means of features at one place, in constant memory.  The pipeline's thread owns it."""

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
        self._listening = self._nothing()
        self._calibration: Means | None = None
        self._effect: Vector = np.empty(0)
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
        """Root mean square of the shift, in standard deviations of speakers; 1 is typical of a single speaker."""
        return float(np.sqrt(np.mean((self.shift / self._spread) ** 2)))

    @property
    def mixes(self) -> bool:
        """Whether ``published`` needs the scores of the features as they come."""
        return self._statistics.share < 1

    @property
    def effect_by_label(self) -> dict[str, float]:
        """Nats by which the correction lowers the log of each score, on average; empty while it is not known.

        A label with a positive effect won too often here.
        """
        return {label: round(float(value), 3) for label, value in zip(self._labels, self._effect, strict=False)}

    def corrected(self, x: Floats) -> Floats:
        """(..., n) features ``x`` without the shift."""
        return np.asarray(x - self.shift, np.float32)

    def published(self, corrected: Floats, as_it_came: Floats) -> Floats:
        """(..., n_labels) scores from those of the corrected features and those of the features as they come."""
        share = np.float32(self._statistics.share)
        logs = [np.log(np.maximum(scores, np.float32(_MIN_SCORE))) for scores in (corrected, as_it_came)]
        evidence = share * logs[0] + (1 - share) * logs[1]
        shares = np.exp(evidence - evidence.max(axis=-1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=-1, keepdims=True), np.float32)

    def learn(self, x: Floats, scores: Floats, new_s: float) -> None:
        """Learns from the uncorrected features ``x`` (n,) of a speech window.

        ``scores`` (n_labels,) are those of the corrected features; ``new_s`` seconds of its sound were in no earlier
        window.  A window with a value that is not finite is ignored.
        """
        if self.settings.mode != "on" or not np.isfinite(x).all() or not np.isfinite(scores).all():
            return
        listening, weight_s = self._listening, self._statistics.prior_weight_s
        listening.speech_s *= 0.5 ** (new_s / (60 * self.settings.half_life_min))
        mixture = (weight_s * self._prior + listening.speech_s * listening.p) / (weight_s + listening.speech_s)
        shares = np.maximum(scores, 0, dtype=np.float64) ** self._statistics.power * mixture
        total = shares.sum()
        listening.add(x.astype(np.float64), shares / total if total > 0 else mixture, new_s)
        self._update()

    def observe(self, as_it_came: Floats, published: Floats, new_s: float) -> None:
        """Takes the scores (n_labels,) of one window without the adaptation and with it, for ``effect_by_label``."""
        logs = [np.log(np.clip(scores, _MIN_SCORE, 1, dtype=np.float64)) for scores in (as_it_came, published)]
        if not np.isfinite(logs).all():
            return
        difference = logs[0] - logs[1]
        share = min(1.0, new_s / _EFFECT_S) if len(self._effect) else 1.0
        self._effect = difference * share + (self._effect * (1 - share) if len(self._effect) else 0.0)

    def calibrate(self, x: Floats, speech_s: float) -> None:
        """Takes the features ``x`` (n_windows, n) of ``speech_s`` seconds as how people here usually speak.

        It replaces a calibration made before.  ``baseline.expected`` says which emotions are usual.

        Raises:
            ValueError: there is no window, or no finite value.
        """
        if not len(x) or not speech_s > 0 or not np.isfinite(x).all():
            raise ValueError(f"{len(x)} windows with {speech_s:g} s of speech, expected finite features of speech")
        self._calibration = Means(np.mean(x, axis=0, dtype=np.float64), self._prior.copy(), speech_s)
        self._effect = np.empty(0)
        self._update()

    def forget_calibration(self) -> bool:
        """Undoes the calibration; what was learned by listening stays.  False if there is none."""
        had, self._calibration = self._calibration is not None, None
        self._effect = np.empty(0)
        self._update()
        return had

    def encoded(self, *, bundle: str, microphone: str) -> bytes:
        """What was learned, as JSON: means and seconds, with the bundle's digest and the microphone."""
        calibration = self._calibration.stored() if self._calibration else None
        effect, listening = tuple(self._effect.tolist()), self._listening.stored()
        return msgspec.json.encode(_Stored(_VERSION, bundle, microphone, self._labels, effect, listening, calibration))

    def restore(self, content: bytes, *, bundle: str, microphone: str | None) -> bool:
        """Restores what ``encoded`` returned; False if it belongs to another bundle or another microphone.

        ``microphone`` None accepts any.

        Raises:
            ModelError: ``content`` is not what ``encoded`` returns; nothing is restored.
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
        # As above, for NaN.
        if len(stored.effect) not in {0, len(self._labels)} or not all(abs(e) <= _MAX_EFFECT for e in stored.effect):
            raise ModelError(f"effect has {len(stored.effect)} numbers or one above {_MAX_EFFECT:g}, expected nats")
        self._listening, self._calibration, self._effect = listening, calibration, np.array(stored.effect)
        self._update()
        return True

    def _restored(self, stored: StoredMeans, which: str) -> Means:
        return restored(stored, which, centre=self._centre, spread=self._spread, n_labels=len(self._labels))

    def _nothing(self) -> Means:
        return Means(self._centre.copy(), self._prior.copy())

    def _update(self) -> None:
        """Computes ``shift`` (n,), what is subtracted from the features now."""
        listening, calibration = self._listening, self._calibration
        both = listening.copy()
        if calibration is not None:
            both.add(calibration.x, calibration.p, calibration.speech_s)
        weight = both.speech_s / (both.speech_s + self._statistics.caution_s) if both.speech_s else 0.0
        difference = both.x - both.p @ self._offsets - self._centre
        limit = _MAX_SPREADS * self._spread
        self.shift: Floats = np.asarray(np.clip(difference, -limit, limit) * weight, np.float32)
