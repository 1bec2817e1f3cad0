"""The baseline over restarts: where it is kept, when it is written, with which bundle and microphone it counts.

    state directory/baseline.json ──at the microphone──► Adaptation ──every ten minutes, at the end──► baseline.json

Ten minutes: an SD card lasts, and a power cut costs little of what days have taught.  With another bundle, routing or
microphone it begins anew.  A file that is damaged is kept aside, a disk that refuses or hangs is named once: none of
them ends the daemon, and the pipeline waits for no disk.
"""

import copy
import errno
import logging
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from edged.config.structs import Baseline as Settings
from edged.config.structs import Config
from edged.contract.payloads import AdaptationMetrics
from edged.errors import ModelError
from edged.host.state_dir import state_folder
from edged.models.adaptation import Adaptation
from edged.models.bundle import Bundle, Routing

NAME = "baseline.json"
_PERIOD_S = 600.0
_ABSENT = os.strerror(errno.ENOENT)
_DISK_S = 0.5  # what a disk may take that is well; the thread that writes to another is left behind
_CARD = re.compile(r" \(hw:\d+,\d+\)")  # where ALSA put the device at this boot says nothing of which one it is

_log = logging.getLogger(__name__)


class AdaptationStore:
    """A baseline, or none, and the file that it outlives the program in, or none."""

    def __init__(self, config: Config, bundle: Bundle, file: Path | None = None) -> None:
        """Without ``file`` nothing is read or written.

        Raises:
            ConfigError: ``baseline.expected`` is no mixture of the bundle's labels.
        """
        routing = config.models.routing
        self._routing: Routing = bundle.manifest.routes.default if routing == "auto" else routing
        self._bundle, self._file = bundle, file
        self._microphone = ""
        self._written_s = time.monotonic()
        self._writable = True
        self._working: threading.Thread | None = None  # the last that was begun
        self._fault = ""  # what came of it
        self.baseline: Adaptation | None = None
        self.change(config.baseline)

    def change(self, settings: Settings) -> None:
        """Goes on with other settings.  Off forgets, so that off and on again begins anew.

        Raises:
            ConfigError: as above.
        """
        if settings.mode == "off":
            self.baseline, self._microphone = None, ""
            self._forget()
        elif self.baseline is not None:
            self.baseline.change(settings)
        elif moods := self._bundle.manifest.moods.get(self._routing):
            self.baseline = Adaptation(self._bundle.manifest.labels, moods, settings)

    def take(self, file: Path) -> None:
        """Starts from what another run kept, whatever its microphone was.

        Raises:
            ModelError: it cannot be read, is damaged, or of another bundle or routing; or this bundle learns none.
        """
        if self.baseline is None:
            raise ModelError(f"{file}: baseline.mode is off or the bundle has no moods, expected one that learns")
        try:
            fits = self.baseline.load(file, bundle=self._origin, microphone=None)
        except OSError as exc:
            raise ModelError(f"{file}: {exc.strerror or exc}, expected a baseline that edged wrote") from exc
        if not fits:
            raise ModelError(f"{file}: learned with another bundle or routing, expected {self._origin}")

    def at(self, microphone: str) -> None:
        """Sound comes from ``microphone``: with another than before, what is kept of that one, or nothing, counts."""
        name = _CARD.sub("", microphone)
        if self._file is None or self.baseline is None or name == self._microphone:
            return
        self.keep()
        self.baseline.reset()
        self._microphone = name
        try:
            fits = self.baseline.load(self._file, bundle=self._origin, microphone=name)
        except FileNotFoundError:
            return
        except OSError as exc:
            _log.warning("baseline begins anew: %s: %s", self._file, exc.strerror or exc)
        except ModelError as exc:
            self._set_aside(exc)
        else:
            known = f"{self.baseline.heard_s:.0f} s of speech known"
            _log.info(
                "baseline: %s", known if fits else "begins anew, what is kept is another bundle's or microphone's"
            )

    def keep_now_and_then(self) -> None:
        """Writes, if the last time was long ago."""
        if time.monotonic() - self._written_s >= _PERIOD_S:
            self.keep()

    def keep(self) -> None:
        """Writes what was learned, if anything was."""
        self._written_s = time.monotonic()
        baseline, file = self.baseline, self._file
        if file is None or baseline is None or not self._microphone or not baseline.heard_s or baseline.frozen:
            return
        now, microphone = copy.deepcopy(baseline), self._microphone  # what is learned meanwhile is the next one's

        def write() -> None:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            now.save(file, bundle=self._origin, microphone=microphone)

        fault = self._in_time(write)
        if fault and self._writable:
            _log.warning("baseline stays in memory: %s: %s", file, fault)
        self._writable = not fault

    def reset(self) -> None:
        """Begins anew, with nothing left on the disk."""
        if self.baseline is not None:
            self.baseline.reset()
        self._forget()

    @property
    def metrics(self) -> AdaptationMetrics | None:
        """For ``health``; None where nothing is learned."""
        known = self.baseline
        if known is None:
            return None
        return AdaptationMetrics(heard_s=round(known.heard_s, 1), shift=known.shift_by_label, frozen=known.frozen)

    @property
    def _origin(self) -> str:
        return f"{self._bundle.digest} {self._routing}"

    def _forget(self) -> None:
        if self._file is None:
            return
        fault = self._in_time(self._file.unlink)
        if not fault:
            _log.info("baseline: what was learned is forgotten")
        elif fault != _ABSENT:
            _log.warning("baseline is forgotten, but %s stays: %s", self._file, fault)

    def _in_time(self, work: Callable[[], None]) -> str:
        """Has a thread do ``work`` on the disk; what went wrong.  A disk that hangs keeps one thread, and no second."""
        if self._working is None or not self._working.is_alive():

            def run() -> None:
                self._fault = ""
                try:
                    work()
                except OSError as exc:
                    self._fault = exc.strerror or str(exc)

            self._working = threading.Thread(target=run, name="edged-baseline", daemon=True)
            self._working.start()
            self._working.join(_DISK_S)
        return "the disk does not answer" if self._working.is_alive() else self._fault

    def _set_aside(self, fault: ModelError) -> None:
        if self._file is None:
            return
        aside = self._file.with_name(f"{NAME}.damaged")
        try:
            self._file.replace(aside)
        except OSError as exc:
            _log.warning("baseline begins anew: %s; it cannot be kept aside: %s", fault, exc.strerror or exc)
        else:
            _log.warning("baseline begins anew: %s; kept as %s", fault, aside.name)


def adaptation_store_for(config: Config, bundle: Bundle) -> AdaptationStore:
    """The one of ``edged run``, in the state directory."""
    return AdaptationStore(config, bundle, state_folder(config.state_dir) / NAME)
