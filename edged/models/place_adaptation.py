"""All that a device learns about its place: adaptation of features and adaptation of scores, saved as one state.

    features x ──FeatureAdaptation──► models ──► scores ──Adaptation──► scores
         └──────────── one JSON object, tied to bundle and microphone ───┘

The bundle's manifest says which of the two there are: ``adaptation`` for features, ``moods`` for scores.  The second
learns from what the first has corrected.
"""

from collections.abc import Mapping

import msgspec

from edged.decoding import MALFORMED
from edged.errors import ModelError
from edged.features.logmel import Floats
from edged.models.adaptation import Adaptation, Settings
from edged.models.feature_adaptation import FeatureAdaptation
from edged.models.feature_statistics import FeatureStatistics

_VERSION = 2  # 1 was that of the scores alone
_NULL = msgspec.Raw(b"null")


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is saved; ``null`` where the bundle does not adapt it."""

    version: int = _VERSION
    bundle: str
    microphone: str
    since: float | None  # UTC of the first features
    calibrated: float | None
    features: msgspec.Raw
    scores: msgspec.Raw


class _Version(msgspec.Struct):
    version: int


class _Microphone(msgspec.Struct):
    microphone: str


class PlaceAdaptation:
    """The adaptations that the bundle has.  The pipeline's thread owns it."""

    def __init__(
        self,
        labels: tuple[str, ...],
        settings: Settings,
        *,
        statistics: FeatureStatistics | None = None,
        mean_log_scores: Mapping[str, tuple[float, ...]] | None = None,
    ) -> None:
        """``statistics`` are the bundle's for the features, ``mean_log_scores`` those for the scores.

        Raises:
            ConfigError: ``settings.expected`` is no distribution over ``labels``.
        """
        self.features = FeatureAdaptation(labels, statistics, settings) if statistics else None
        self.scores = Adaptation(labels, mean_log_scores, settings) if mean_log_scores else None
        self.settings = settings
        self.since: float | None = None  # UTC of the first features learned from
        self.calibrated: float | None = None  # UTC of the calibration

    @property
    def active(self) -> bool:
        """Whether anything is to be corrected."""
        return self.settings.mode != "off" and (self.features is not None or self.scores is not None)

    @property
    def speech_s(self) -> float:
        """Seconds of speech learned from, after forgetting."""
        return max((one.speech_s for one in (self.features, self.scores) if one is not None), default=0.0)

    @property
    def calibration_s(self) -> float:
        """Seconds of speech of the calibration; 0 without one."""
        return self.features.calibration_s if self.features is not None else 0.0

    def change(self, settings: Settings) -> None:
        """Applies new settings; what was learned stays.

        Raises:
            ConfigError: as above.
        """
        for one in (self.features, self.scores):
            if one is not None:
                one.change(settings)
        self.settings = settings

    def reset(self) -> None:
        """Starts from scratch."""
        self.since = self.calibrated = None
        for one in (self.features, self.scores):
            if one is not None:
                one.reset()

    def calibrate(self, x: Floats, speech_s: float, *, utc_s: float) -> None:
        """Takes the features ``x`` (n_windows, n) of ``speech_s`` seconds as how people here usually speak.

        The adaptation of the scores was learned from other features, so it starts from scratch.

        Raises:
            ValueError: the bundle does not adapt features, or there is no window or no finite value.
        """
        if self.features is None:
            raise ValueError("this bundle adapts no features, expected one that does")
        self.features.calibrate(x, speech_s)
        self.calibrated = utc_s
        if self.scores is not None:
            self.scores.reset()

    def forget_calibration(self) -> bool:
        """Takes the calibration back; False where there is none."""
        if self.features is None or not self.features.forget_calibration():
            return False
        self.calibrated = None
        if not self.features.speech_s:
            self.since = None
        if self.scores is not None:
            self.scores.reset()
        return True

    def encoded(self, *, bundle: str, microphone: str) -> bytes:
        """What was learned, as JSON, with the bundle's digest and the microphone that it belongs to."""
        features, scores = (
            msgspec.Raw(one.encoded(bundle=bundle, microphone=microphone)) if one is not None else _NULL
            for one in (self.features, self.scores)
        )
        return msgspec.json.encode(
            _Stored(
                bundle=bundle,
                microphone=microphone,
                since=self.since,
                calibrated=self.calibrated,
                features=features,
                scores=scores,
            )
        )

    def restore(self, content: bytes, *, bundle: str, microphone: str | None) -> bool:
        """Restores what ``encoded`` returned; False if it belongs to another bundle or another microphone.

        ``microphone`` None accepts any.  A state of version 1 has scores only.

        Raises:
            ModelError: ``content`` is not what ``encoded`` returns; everything starts from scratch.
        """
        self.reset()
        try:
            version = msgspec.json.decode(content, type=_Version).version
            stored = msgspec.json.decode(content, type=_Stored) if version == _VERSION else None
        except MALFORMED as exc:
            raise ModelError(f"{exc}, expected an adaptation state that edged wrote") from exc
        features, scores = (stored.features, stored.scores) if stored else (_NULL, msgspec.Raw(content))
        try:
            # Both, not the first that fits: the features and what was learned of their scores belong together.
            fits = [
                one.restore(bytes(part), bundle=bundle, microphone=microphone)
                for one, part in ((self.features, features), (self.scores, scores))
                if one is not None and bytes(part) != bytes(_NULL)
            ]
        except ModelError:
            self.reset()
            raise
        if not any(fits):
            return False
        if stored:
            self.since, self.calibrated = stored.since, stored.calibrated
        return True


def microphone_of(content: bytes) -> str:
    """The microphone in a state that ``PlaceAdaptation.encoded`` of any version returned."""
    return msgspec.json.decode(content, type=_Microphone).microphone
