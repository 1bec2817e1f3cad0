"""Commands to acts: what each one changes of the running daemon, and what its answer says.

    Commands ──obey(name, arguments)──► Control ──► Daemon, Reload, Overrides, AdaptationStore ──► Result

It runs in the pipeline's thread, between two reads.  A command does at once what it says, then is kept; an answer that
the device could not keep it says so.
"""

import logging
import os
import time
from typing import TYPE_CHECKING, Any

from edged.config.overrides import Overrides
from edged.config.reload import Reload
from edged.config.structs import Config
from edged.contract.commands import ALL, Arguments, BaselineMode, LogLevel, Mute, Threshold
from edged.contract.payloads import Result, rfc3339
from edged.errors import RestartError, shown
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_MESSAGE = 500  # characters

_log = logging.getLogger(__name__)


class Control:
    """Obeys; ``labels`` are the bundle's."""

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

    def obey(self, name: str, given: Arguments) -> Result:
        """Does what the command says; ``name`` is one of ``arguments.FORMS`` and ``given`` of its kind."""
        acts: dict[str, Callable[[Any], Result]] = {
            "mute": self._mute,
            "threshold": self._threshold,
            "log_level": self._log_level,
            "baseline": self._baseline,
            "reload": self._read_config,
            "restart": self._restart,
            "identify": self._identify,
            "snapshot": self._snapshot,
        }
        return acts[name](given)

    def tick(self) -> None:
        """What the disk refused is tried again."""
        self._overrides.retry_save()

    def _mute(self, given: Mute) -> Result:
        self._overrides.muted = None
        if given.muted != self._reload.in_force.audio.muted:  # else the config says so already, as in Overrides.settle
            self._overrides.muted = given.muted
        muted = self._in_force().audio.muted
        done = self._daemon.trouble if muted else "listening"
        if given.muted is None:
            done += ", as in the config"
        return _result("mute", self._kept(done), muted=muted)

    def _threshold(self, given: Threshold) -> Result:
        labels = self._labels if given.label == ALL else (given.label,)
        if given.label not in (ALL, *self._labels):
            expected = ", ".join((*self._labels, ALL))
            return _result("threshold", f"the label is {shown(given.label)}, expected {expected}", ok=False)
        for label in labels:
            self._overrides.enter_for.pop(label, None)
            if given.enter is not None:
                self._overrides.enter_for[label] = given.enter
        config = self._in_force()
        thresholds = {label: config.tracker.enter_for.get(label, config.tracker.enter) for label in self._labels}
        told = "all labels" if given.label == ALL else given.label
        done = f"{told}: as in the config" if given.enter is None else f"{told}: enters at {given.enter:g}"
        return _result("threshold", self._kept(done), thresholds=thresholds)

    def _log_level(self, given: LogLevel) -> Result:
        self._overrides.log_level = given.level
        level = self._in_force().log_level
        done = f"{level} until the next restart" if given.level else f"{level}, as in the config"
        return _result("log_level", done, log_level=level)

    def _baseline(self, given: BaselineMode) -> Result:
        if given.mode == "reset":
            self._adaptation.reset()
            mode = self._reload.in_force.baseline.mode
            return _result("baseline", "what was learned is forgotten", baseline=mode)
        self._overrides.baseline = given.mode
        mode = self._in_force().baseline.mode
        done = f"{mode}, as in the config" if given.mode is None else mode
        if mode == "off":
            done += "; what was learned is forgotten"
        return _result("baseline", self._kept(done), baseline=mode)

    def _read_config(self, _: Arguments) -> Result:
        self._daemon.read_config(self._reload)
        waiting = list(self._reload.waiting)
        return _result("reload", self._reload.told, ok=not self._reload.refused, restart_required=waiting)

    def _restart(self, _: Arguments) -> Result:
        self._daemon.end_with(RestartError("ended by command, for a fresh process"))
        if "INVOCATION_ID" in os.environ:  # of systemd
            return _result("restart", "ends now, and systemd starts it again")
        status = RestartError.exit_status
        return _result("restart", f"ends now with status {status}; nothing is known here that starts it again")

    def _identify(self, _: Arguments) -> Result:
        device = self._daemon.identity()
        _log.warning("identify: this is node %s, device %s", device.node, device.device_id)
        return _result("identify", f"this is {device.node} on {device.host}", device=device)

    def _snapshot(self, _: Arguments) -> Result:
        self._daemon.snapshot()
        return _result("snapshot", "emotion, speech, capture, level, health and info are published")

    def _in_force(self) -> Config:
        config = self._reload.in_force
        logging.getLogger().setLevel(config.log_level.upper())
        self._daemon.change(config)
        return config

    def _kept(self, done: str) -> str:
        fault = self._overrides.save()
        return f"{done}; not saved for the next start: {fault}" if fault else done


def _result(command: str, message: str, *, ok: bool = True, **values: Any) -> Result:  # noqa: ANN401 -- Result's fields
    message = message.encode(errors="replace").decode()  # a file's name in it may be no text, which no payload can hold
    message = message if len(message) <= _MOST_MESSAGE else f"{message[:_MOST_MESSAGE]}…"
    return Result(time=rfc3339(time.time()), command=command, ok=ok, message=message, **values)
