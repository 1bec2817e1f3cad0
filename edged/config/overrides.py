"""Settings made by MQTT command: they override the config until a command takes them back, also after a restart.

    mute, threshold, baseline ──► Overrides ──applied_to(config)──► the config in force
                                      └──state directory/commands.json──► Overrides of the next start

Privacy decides what a fault means.  A file that exists but is damaged or cannot be read leaves the device muted until a
command unmutes it, since somebody may have muted it.  A disk that refuses, or does not answer in time, is named in the
command's answer, and saving is tried again each minute.  ``log_level`` is not saved: a forgotten ``debug`` would fill a
card.
"""

import contextlib
import logging
import time
from pathlib import Path
from typing import Literal

import msgspec

from edged.config.structs import Config
from edged.contract.fields import Score
from edged.decoding import MALFORMED
from edged.errors import CaptureError
from edged.host.state_dir import state_folder
from edged.host.state_file import StateFile, read_bounded

NAME = "commands.json"
_DEADLINE_S = 2.0  # the pipeline waits this long for the disk, far less than the ring holds
_RETRY_S = 60.0

_log = logging.getLogger(__name__)


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The file's content."""

    version: Literal[1] = 1
    muted: bool | None
    enter_for: dict[str, Score]
    baseline: Literal["on", "frozen", "off"] | None


class Overrides:
    """The settings made by command.  The pipeline's thread owns them."""

    def __init__(self, file: Path | None, labels: tuple[str, ...]) -> None:
        """Reads ``file``, if there is one; thresholds of labels that the bundle lacks are dropped."""
        self._file = None if file is None else StateFile(file, thread="edged-overrides", deadline_s=_DEADLINE_S)
        self._retry_at_s: float | None = None  # monotonic; None: everything is saved
        self.muted: bool | None = None
        self.enter_for: dict[str, float] = {}
        self.baseline: Literal["on", "frozen", "off"] | None = None
        self.log_level: Literal["debug", "info", "warning", "error"] | None = None
        if self._file is not None:
            self._read(self._file, labels)

    def applied_to(self, config: Config) -> Config:
        """``config`` with the overrides in place of its own values."""
        replace = msgspec.structs.replace
        if self.muted is not None:
            config = replace(config, audio=replace(config.audio, muted=self.muted))
        if self.enter_for:
            enter_for = {**config.tracker.enter_for, **self.enter_for}
            config = replace(config, tracker=replace(config.tracker, enter_for=enter_for))
        if self.baseline is not None:
            config = replace(config, baseline=replace(config.baseline, mode=self.baseline))
        return config if self.log_level is None else replace(config, log_level=self.log_level)

    @property
    def keys(self) -> list[str]:
        """The keys of the config that are overridden."""
        labels = [f"tracker.enter_for.{label}" for label in self.enter_for]
        modes = [("audio.muted", self.muted), ("baseline.mode", self.baseline), ("log_level", self.log_level)]
        return labels + [key for key, value in modes if value is not None]

    def drop_redundant_mute(self, config: Config) -> str:
        """Leaves muting to ``config`` where it says the same; returns as ``save``.

        A switch can only say on or off, so it can never give control back to the config.  Without this, setting
        ``audio.muted`` to true would have no effect on a device that was once switched off and on again.
        """
        if self.muted != config.audio.muted:
            return ""
        self.muted = None
        return self.save()

    def save(self) -> str:
        """Writes the file; returns why the overrides will not survive a restart, or an empty text."""
        if self._file is None:
            return "there is no state directory"
        try:
            content = _Stored(muted=self.muted, enter_for=self.enter_for, baseline=self.baseline)
            self._file.write(msgspec.json.encode(content))
        except OSError as exc:
            self._retry_at_s = time.monotonic() + _RETRY_S
            return f"{self._file.path}: {exc.strerror or exc}"
        self._retry_at_s = None
        return ""

    def retry_save(self) -> None:
        """Saves again, a minute after the disk refused."""
        if self._retry_at_s is not None and time.monotonic() >= self._retry_at_s and not self.save():
            _log.info("settings made by command are saved now")

    def _read(self, file: StateFile, labels: tuple[str, ...]) -> None:
        try:
            content = file.read()
        except FileNotFoundError:
            return
        except OSError as exc:
            self.muted = True
            _log.error("%s: %s; muted until a command unmutes", file.path, exc.strerror or exc)
            return
        try:
            stored = msgspec.json.decode(content, type=_Stored)
        except MALFORMED as exc:
            self.muted = True
            with contextlib.suppress(OSError):
                file.save_damaged(content)
            _log.error("%s: %s; saved as %s.damaged; muted until a command unmutes", file.path, exc, NAME)
            self.save()  # replaces the damaged file, so that the next start is muted too
            return
        self.muted, self.baseline = stored.muted, stored.baseline
        self.enter_for = {label: enter for label, enter in stored.enter_for.items() if label in labels}
        if unknown := sorted(stored.enter_for.keys() - set(labels)):
            _log.warning("thresholds set by command for labels that the bundle lacks are ignored: %s", unknown)
        if stored.muted:
            _log.warning("muted by a command before this start (%s): the microphone stays closed", file.path)
        if self.keys:
            _log.info("set by command, overrides the config: %s", ", ".join(self.keys))


def overrides_for(config: Config, labels: tuple[str, ...]) -> Overrides:
    """Those of ``edged run``, from the state directory."""
    overrides = Overrides(state_folder(config.state_dir) / NAME, labels)
    if fault := overrides.drop_redundant_mute(config):
        _log.warning("settings made by command are not saved: %s", fault)
    return overrides


def muted_by_command(file: Path) -> bool | None:
    """Whether a command muted the daemon whose overrides are in ``file``, for a program that would open its microphone.

    Returns None where no command said anything.  Writes nothing.

    Raises:
        CaptureError: it cannot be known.
    """
    try:
        return msgspec.json.decode(read_bounded(file), type=_Stored).muted
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise CaptureError(
            f"{file}: {exc.strerror or exc}; the microphone may be muted, so it is not opened: try again as root"
        ) from exc
    except MALFORMED:
        return True
