"""Commands to changes of the running daemon, and their results.

    Commands ──obey(name, arguments)──► Control ──► Daemon, Reload, Overrides, AdaptationStore ──► Result

It runs in the pipeline's thread, between two reads.  A command takes effect at once and is saved afterwards; if that
fails, its result says so.  ``calibrate`` takes time: it has one result at once and another at its end.
"""

import logging
import os
import time
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from edged.config.overrides import Overrides
from edged.config.reload import Reload
from edged.config.structs import Config
from edged.contract.commands import ALL, Arguments, BaselineMode, Calibrate, LogLevel, Mute, Threshold
from edged.contract.device import Calibrated, Result
from edged.contract.fields import rfc3339
from edged.contract.topics import Topic, result_of
from edged.errors import RestartError, shown
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.calibration import Outcome
from edged.pipeline.calibrator import INVITATION
from edged.pipeline.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAX_MESSAGE = 500  # characters

_log = logging.getLogger(__name__)


class Control:
    """Obeys commands; ``labels`` are the bundle's."""

    def __init__(
        self,
        daemon: Daemon,
        *,
        labels: tuple[str, ...],
        adaptation: AdaptationStore,
        overrides: Overrides,
        reload: Reload,
    ) -> None:
        self._daemon, self._labels = daemon, labels
        self._adaptation, self._overrides, self._reload = adaptation, overrides, reload
        self._calibration_id: str | msgspec.UnsetType = msgspec.UNSET  # of the command whose second result waits

    def obey(self, name: str, arguments: Arguments) -> Result:
        """Does what the command says; ``name`` is one of ``commands.FORMS``, and ``arguments`` are of its kind."""
        actions: dict[str, Callable[[Any], Result]] = {
            "mute": self._mute,
            "threshold": self._threshold,
            "log_level": self._log_level,
            "baseline": self._baseline,
            "calibrate": self._calibrate,
            "reload": self._read_config,
            "restart": self._restart,
            "identify": self._identify,
            "snapshot": self._snapshot,
        }
        return actions[name](arguments)

    def tick(self) -> "Iterator[tuple[Topic, Result]]":
        """Tries again to save what the disk refused; yields the results that come later than their command."""
        self._overrides.retry_save()
        outcome = self._daemon.calibrator.tick(self._daemon.trouble) if self._daemon.calibrator else None
        if outcome is not None:
            _log.info("calibration: %s", outcome.message)
            result = _calibrated("done" if outcome.ok else "refused", outcome)
            yield result_of("calibrate"), msgspec.structs.replace(result, id=self._calibration_id)

    def _mute(self, mute: Mute) -> Result:
        self._overrides.muted = None
        if mute.muted != self._reload.in_force.audio.muted:  # else no override: see Overrides.drop_redundant_mute
            self._overrides.muted = mute.muted
        muted = self._apply().audio.muted
        message = self._daemon.trouble if muted else "listening"
        if mute.muted is None:
            message += ", as in the config"
        return _result("mute", self._saved(message), muted=muted)

    def _threshold(self, threshold: Threshold) -> Result:
        labels = self._labels if threshold.label == ALL else (threshold.label,)
        if threshold.label not in (ALL, *self._labels):
            expected = ", ".join((*self._labels, ALL))
            return _result("threshold", f"the label is {shown(threshold.label)}, expected {expected}", ok=False)
        for label in labels:
            self._overrides.enter_for.pop(label, None)
            if threshold.enter is not None:
                self._overrides.enter_for[label] = threshold.enter
        config = self._apply()
        thresholds = {label: config.tracker.enter_for.get(label, config.tracker.enter) for label in self._labels}
        subject = "all labels" if threshold.label == ALL else threshold.label
        message = "as in the config" if threshold.enter is None else f"enters at {threshold.enter:g}"
        return _result("threshold", self._saved(f"{subject}: {message}"), thresholds=thresholds)

    def _log_level(self, log_level: LogLevel) -> Result:
        self._overrides.log_level = log_level.level
        level = self._apply().log_level
        message = f"{level} until the next restart" if log_level.level else f"{level}, as in the config"
        return _result("log_level", message, log_level=level)

    def _baseline(self, baseline: BaselineMode) -> Result:
        if baseline.mode == "reset":
            self._adaptation.reset()
            mode = self._reload.in_force.baseline.mode
            return _result("baseline", "what was learned is deleted", baseline=mode)
        self._overrides.baseline = baseline.mode
        mode = self._apply().baseline.mode
        message = f"{mode}, as in the config" if baseline.mode is None else mode
        if mode == "off":
            message += "; what was learned is deleted"
        return _result("baseline", self._saved(message), baseline=mode)

    def _calibrate(self, calibrate: Calibrate) -> Result:
        calibrator = self._daemon.calibrator
        trouble = "" if calibrate.forget else self._daemon.trouble  # forgetting needs no sound
        if calibrator is None or calibrator.unable or trouble:
            reason = (calibrator.unable if calibrator else "this daemon does not adapt") or trouble
            return _calibrated("refused", Outcome(ok=False, message=f"{reason}; nothing changed"))
        if calibrate.forget:
            return _calibrated("forgotten", calibrator.forget())
        calibrator.begin()
        self._calibration_id = calibrate.id
        return _calibrated("listening", Outcome(ok=True, message=INVITATION))

    def _read_config(self, _: Arguments) -> Result:
        self._daemon.read_config(self._reload)
        waiting = list(self._reload.waiting)
        return _result("reload", self._reload.summary, ok=not self._reload.refused, restart_required=waiting)

    def _restart(self, _: Arguments) -> Result:
        self._daemon.end_with(RestartError("restart requested by command"))
        if "INVOCATION_ID" in os.environ:  # set by systemd
            return _result("restart", "exits now, and systemd starts it again")
        status = RestartError.exit_status
        return _result("restart", f"exits now with status {status}; systemd is not there to start it again")

    def _identify(self, _: Arguments) -> Result:
        device = self._daemon.identity()
        _log.warning("identify: this is node %s, device %s", device.node, device.device_id)
        return _result("identify", f"this is {device.node} on {device.host}", device=device)

    def _snapshot(self, _: Arguments) -> Result:
        self._daemon.snapshot()
        return _result("snapshot", "emotion, speech, capture, level, health and info are published")

    def _apply(self) -> Config:
        """Applies the config with the overrides over it, and returns it."""
        config = self._reload.in_force
        logging.getLogger().setLevel(config.log_level.upper())
        self._daemon.change(config)
        return config

    def _saved(self, message: str) -> str:
        """Saves the overrides; ``message``, with the fault if that fails."""
        fault = self._overrides.save()
        return f"{message}; not saved for the next start: {fault}" if fault else message


def _calibrated(state: Literal["listening", "done", "refused", "forgotten"], outcome: Outcome) -> Result:
    calibration = Calibrated(
        state=state, speech_s=outcome.speech_s, sentences=outcome.n_sentences, change=outcome.change
    )
    return _result("calibrate", outcome.message, ok=outcome.ok, calibration=calibration)


def _result(command: str, message: str, *, ok: bool = True, **values: Any) -> Result:  # noqa: ANN401 -- Result's fields
    message = message.encode(errors="replace").decode()  # a file name in it may not be UTF-8, and a payload must be
    message = message if len(message) <= _MAX_MESSAGE else f"{message[:_MAX_MESSAGE]}…"
    return Result(time=rfc3339(time.time()), command=command, ok=ok, message=message, **values)
