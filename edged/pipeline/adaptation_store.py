"""The adaptation over restarts: which bundle and microphone it belongs to, and when it is saved.

    state directory/baseline.json ──at the start──► PlaceAdaptation ──every ten minutes, at the end──► baseline.json

Writing every ten minutes spares an SD card, and a power cut costs little of what took days to learn.  With another
bundle, routing or microphone the adaptation starts from scratch.  The file is read once, at the start; afterwards the
pipeline waits for the disk only as long as a deadline allows.  A damaged file is copied, a disk that refuses or hangs
is named once, and neither stops the daemon.  Nothing depends on the wall clock, which may be wrong: it only dates what
is shown.
"""

import logging
import re
import time
from pathlib import Path

from edged.config.structs import Baseline as Settings
from edged.config.structs import Config
from edged.contract.fields import rfc3339
from edged.contract.health import AdaptationMetrics, FeatureMetrics
from edged.errors import ModelError
from edged.host.state_dir import state_folder
from edged.host.state_file import StateFile, read_bounded
from edged.models.bundle import Bundle, Routing
from edged.models.feature_statistics import FeatureStatistics, read_statistics
from edged.models.place_adaptation import PlaceAdaptation, microphone_of

NAME = "baseline.json"
_PERIOD_S = 600.0
_DEADLINE_S = 0.5  # more than a healthy disk takes
_EPOCH_S = 1.7e9  # UTC, November 2023: a clock before it was not set yet
_CARD = re.compile(r" \(hw:\d+,\d+\)")  # ALSA's card number changes at each boot and does not identify a microphone

_log = logging.getLogger(__name__)


class AdaptationStore:
    """An adaptation, if the bundle has what it needs, and its file, if there is one."""

    def __init__(self, config: Config, bundle: Bundle, file: Path | None = None) -> None:
        """Reads ``file``; without one nothing is read or written.

        Raises:
            ConfigError: ``baseline.expected`` is no distribution over the bundle's labels.
            ModelError: the bundle's file of feature statistics cannot be used.
        """
        routing = config.models.routing
        self._routing: Routing = bundle.manifest.routes.default if routing == "auto" else routing
        self._bundle_digest = bundle.digest
        self._file = None if file is None else StateFile(file, thread="edged-baseline", deadline_s=_DEADLINE_S)
        self._microphone = ""  # "" until one is known
        self._saved_at_s = time.monotonic()
        self._disk_works = True
        self.adaptation = _adaptation_of(bundle, self._routing, config.baseline)
        self._stored: bytes | None = None  # the file's content
        if config.baseline.mode == "off":
            self.reset()
        elif self._file is not None and self.adaptation is not None:
            self._read(self._file, self.adaptation)

    def change(self, settings: Settings) -> None:
        """Applies new settings.  Off deletes what was learned, so switching off and on again starts from scratch.

        Raises:
            ConfigError: as above.
        """
        if self.adaptation is None:
            return
        was_active = self.adaptation.active
        self.adaptation.change(settings)
        if was_active and not self.adaptation.active:
            self._microphone = ""
            self.reset()

    def start_from(self, file: Path) -> None:
        """Starts from the state that another run saved, whatever its microphone was.

        Raises:
            ModelError: it cannot be read, is damaged, or of another bundle or routing; or this bundle cannot adapt.
        """
        if self.adaptation is None or not self.adaptation.active:
            raise ModelError(f"{file}: baseline.mode is off or the bundle cannot adapt, expected one that can")
        try:
            fits = self.adaptation.restore(read_bounded(file), bundle=self._origin, microphone=None)
        except OSError as exc:
            raise ModelError(f"{file}: {exc.strerror or exc}, expected an adaptation state that edged wrote") from exc
        except ModelError as exc:
            raise ModelError(f"{file}: {exc}") from exc
        if not fits:
            raise ModelError(f"{file}: learned with another bundle or routing, expected {self._origin}")

    def select_stored_microphone(self) -> None:
        """Continues from the state that was read at the start, if no microphone is known: as its own would."""
        if not self._microphone and self._stored is not None:
            self.select_microphone(microphone_of(self._stored))

    def select_microphone(self, name: str) -> None:
        """Sound comes from the microphone ``name``; a new one starts from its stored state, if there is one."""
        name = _CARD.sub("", name)
        adaptation = self.adaptation
        if adaptation is None or not adaptation.active or self._file is None or name == self._microphone:
            return
        self.save()
        adaptation.reset()
        self._microphone = name
        if self._stored is None:
            return
        if adaptation.restore(self._stored, bundle=self._origin, microphone=name):
            _log.info("adaptation: continues from %.0f s of speech", adaptation.speech_s)
        else:
            _log.info("adaptation: starts from scratch, the stored one is of another bundle or microphone")

    def save_periodically(self) -> None:
        """Saves if the last save was ten minutes ago."""
        if time.monotonic() - self._saved_at_s >= _PERIOD_S:
            self.save()

    def save(self) -> str:
        """Writes what was learned, if anything was; returns why it will not survive a restart, or an empty text."""
        self._saved_at_s = time.monotonic()
        adaptation, file = self.adaptation, self._file
        if file is None or adaptation is None or not self._microphone:
            return ""
        if not (adaptation.speech_s or adaptation.calibration_s) or adaptation.settings.mode != "on":
            return ""
        self._date(adaptation)
        self._stored = adaptation.encoded(bundle=self._origin, microphone=self._microphone)
        try:
            file.write(self._stored)
        except OSError as exc:
            if self._disk_works:
                _log.warning("adaptation is in memory only: %s: %s", file.path, exc.strerror or exc)
            self._disk_works = False
            return f"{file.path}: {exc.strerror or exc}"
        self._disk_works = True
        return ""

    def reset(self) -> None:
        """Starts from scratch and deletes the file."""
        if self.adaptation is not None:
            self.adaptation.reset()
        self._stored = None
        if self._file is None:
            return
        try:
            self._file.remove()
        except OSError as exc:
            _log.warning("adaptation is reset, but %s is not deleted: %s", self._file.path, exc.strerror or exc)

    @property
    def metrics(self) -> AdaptationMetrics | None:
        """For ``health``; None where nothing adapts."""
        known = self.adaptation
        if known is None or not known.active:
            return None
        self._date(known)
        scores, frozen = known.scores, known.settings.mode == "frozen"
        shift = scores.shift_by_label if scores else {}
        return AdaptationMetrics(
            heard_s=round(known.speech_s, 1), shift=shift, frozen=frozen, features=_feature_metrics(known)
        )

    @staticmethod
    def _date(known: PlaceAdaptation) -> None:
        """Notes when the adaptation of the features began, once the clock is set."""
        now_s, features = time.time(), known.features
        if known.since is None and features and (features.speech_s or features.calibration_s) and now_s >= _EPOCH_S:
            known.since = now_s

    @property
    def _origin(self) -> str:
        return f"{self._bundle_digest} {self._routing}"

    def _read(self, file: StateFile, adaptation: PlaceAdaptation) -> None:
        try:
            content = file.read()
        except FileNotFoundError:
            return
        except OSError as exc:
            _log.warning("adaptation starts from scratch: %s: %s", file.path, exc.strerror or exc)
            return
        try:
            adaptation.restore(content, bundle=self._origin, microphone=None)
        except ModelError as exc:
            self._save_damaged(file, content, exc)
        else:
            self._stored = content
        adaptation.reset()  # until the microphone is known

    @staticmethod
    def _save_damaged(file: StateFile, content: bytes, fault: ModelError) -> None:
        try:
            copy = file.save_damaged(content)
        except OSError as exc:
            _log.warning("adaptation starts from scratch: %s: %s; not saved: %s", file.path, fault, exc.strerror or exc)
        else:
            _log.warning("adaptation starts from scratch: %s: %s; saved as %s", file.path, fault, copy.name)


def statistics_of(bundle: Bundle) -> FeatureStatistics | None:
    """The feature statistics of ``bundle``; None if it adapts no features.

    Raises:
        ModelError: the file cannot be used.
    """
    settings, content = bundle.manifest.adaptation, bundle.adaptation
    if settings is None or content is None:
        return None
    file, n_features = bundle.path / settings.file, bundle.n_features or bundle.geometry.n_bands
    try:
        statistics = read_statistics(content, settings, len(bundle.manifest.labels))
    except ModelError as exc:
        raise ModelError(f"{file}: {exc}") from exc
    if statistics.n_features != n_features:
        raise ModelError(f"{file}: centre has {statistics.n_features} numbers, expected {n_features} as the bundle's")
    return statistics


def _adaptation_of(bundle: Bundle, routing: Routing, settings: Settings) -> PlaceAdaptation | None:
    """An adaptation that has learned nothing yet; None if ``bundle`` adapts nothing."""
    statistics, others = statistics_of(bundle), bundle.manifest.mean_log_scores.get(routing)
    if statistics is None and not others:
        return None
    return PlaceAdaptation(bundle.manifest.labels, settings, statistics=statistics, mean_log_scores=others)


def _feature_metrics(known: PlaceAdaptation) -> FeatureMetrics | None:
    features = known.features
    if features is None:
        return None
    return FeatureMetrics(
        speech_s=round(features.speech_s, 1),
        calibration_s=round(features.calibration_s, 1),
        since=_past(known.since),
        calibrated=_past(known.calibrated),
        distance=round(features.distance, 2),
        effect=features.effect_by_label,
    )


def _past(utc_s: float | None) -> str | None:
    """RFC 3339; None for a date that cannot be true, because the clock was wrong."""
    return rfc3339(utc_s) if utc_s is not None and _EPOCH_S <= utc_s <= time.time() else None


def adaptation_store_for(config: Config, bundle: Bundle) -> AdaptationStore:
    """The store of ``edged run``, with its file in the state directory."""
    return AdaptationStore(config, bundle, state_folder(config.state_dir) / NAME)
