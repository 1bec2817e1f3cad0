"""Runs a calibration on request, for the daemon or, if none runs, for ``edged calibrate``.

begin ──► Calibration in the classifier ──windows──► tick: Outcome, once ──► saved
forget ──► only what was learned by listening is left
"""

import time
from collections.abc import Callable

from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.calibration import LIMIT_S, Calibration, Outcome
from edged.pipeline.classifier import WindowClassifier

_PATIENCE_S = 15.0  # added to the limit, in case no sound comes

INVITATION = f"speak two or three sentences now, as you always do; the result comes within {LIMIT_S:g} s"


class Calibrator:
    """Runs one calibration at a time.  The pipeline's thread owns it."""

    def __init__(
        self, classifier: WindowClassifier, store: AdaptationStore, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._classifier, self._store, self._clock = classifier, store, clock
        self._deadline_s = 0.0

    @property
    def unable(self) -> str:
        """Why this device cannot be calibrated; empty if it can."""
        adaptation = self._store.adaptation
        if adaptation is None or adaptation.features is None:
            return "this bundle does not adapt its features, expected one that does (docs/models.md)"
        if adaptation.settings.mode != "on":
            return f"baseline.mode is {adaptation.settings.mode}, expected on"
        return ""

    @property
    def running(self) -> bool:
        """Whether windows are being collected."""
        return self._classifier.calibration is not None

    def begin(self, calibration: Calibration | None = None) -> None:
        """Collects from the next window on; a running calibration starts over."""
        self._classifier.calibration = calibration or Calibration()
        self._deadline_s = self._clock() + LIMIT_S + _PATIENCE_S

    def tick(self, trouble: str = "") -> Outcome | None:
        """The outcome, once; ``trouble`` says why no sound comes."""
        calibration = self._classifier.calibration
        if calibration is None:
            return None
        if trouble or self.unable:
            return self._ended(Outcome(ok=False, message=f"stopped: {trouble or self.unable}; nothing changed"))
        if calibration.done or self._clock() >= self._deadline_s:
            return self.finish()
        return None

    def finish(self) -> Outcome:
        """The outcome of what was collected so far, applied and saved."""
        calibration, adaptation = self._classifier.calibration, self._store.adaptation
        assert calibration is not None and adaptation is not None  # noqa: PT018, S101 -- begin() came before
        return self._ended(calibration.outcome(adaptation, self._classifier.cascade))

    def forget(self) -> Outcome:
        """Undoes the calibration, also a running one, and the stored one where no sound has come yet."""
        self._store.select_stored_microphone()
        was_running, self._classifier.calibration = self.running, None
        adaptation = self._store.adaptation
        if adaptation is None or not adaptation.forget_calibration():
            message = "stopped; nothing changed" if was_running else "there is no calibration to forget"
            return Outcome(ok=True, message=message)
        if not adaptation.speech_s:
            self._store.reset()  # an empty state is not saved: the file with the calibration would stay
            return Outcome(ok=True, message="the calibration is forgotten; nothing else was learned")
        kept = f"what {adaptation.speech_s:.0f} s of listening taught is in force"
        return self._saved(Outcome(ok=True, message=f"the calibration is forgotten; {kept}"))

    def _ended(self, outcome: Outcome) -> Outcome:
        self._classifier.calibration = None
        return self._saved(outcome) if outcome.ok else outcome

    def _saved(self, outcome: Outcome) -> Outcome:
        fault = self._store.save()
        if not fault:
            return outcome
        message = f"{outcome.message}; not saved for the next start: {fault}"
        return Outcome(outcome.ok, message, outcome.speech_s, outcome.n_sentences, outcome.change)
