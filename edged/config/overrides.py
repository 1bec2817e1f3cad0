"""What commands set over the config, in force until they take it back, and over restarts.

    mute, threshold, baseline ──► Overrides ──over(config)──► the config in force
                                      └──written, synced──► state directory/commands.json ──at the start──► Overrides

Privacy decides what a fault means: a file that is there and cannot be read, or is damaged, leaves the device muted
until a command says otherwise, since somebody may have muted it.  A disk that refuses, or does not answer in time, is
named in the command's answer, and tried again each minute.  ``log_level`` is not kept: a forgotten ``debug`` fills a
card.
"""

import contextlib
import logging
import os
import threading
import time
from pathlib import Path
from typing import Literal

import msgspec

from edged.config.structs import Config
from edged.contract.payloads import Score
from edged.errors import CaptureError
from edged.host.state_dir import state_folder

NAME = "commands.json"
_WITHIN_S = 2.0  # the pipeline waits for the disk so long, far less than the ring holds
_AGAIN_S = 60.0
_MAX_BYTES = 65_536  # far more than a file of ours has
_DAMAGED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_log = logging.getLogger(__name__)


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The file."""

    version: Literal[1] = 1
    muted: bool | None
    enter_for: dict[str, Score]
    baseline: Literal["on", "frozen", "off"] | None


class Overrides:
    """Owned by the pipeline's thread, but for writing the file, which a thread does that may be left behind."""

    def __init__(self, file: Path | None, labels: tuple[str, ...]) -> None:
        """Reads ``file``; without one nothing is kept.  Thresholds of labels that the bundle lacks are left out."""
        self._file = file
        self._writing: threading.Thread | None = None
        self._fault = ""  # of the last writing, empty where it went well
        self._next_try_s = 0.0  # monotonic; 0: nothing waits to be written
        self.muted: bool | None = None
        self.enter_for: dict[str, float] = {}
        self.baseline: Literal["on", "frozen", "off"] | None = None
        self.log_level: Literal["debug", "info", "warning", "error"] | None = None
        if file is not None:
            self._read(file, labels)

    def over(self, config: Config) -> Config:
        """``config`` with what was set by command in place of its own."""
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
    def names(self) -> list[str]:
        """The keys of the config that are overridden."""
        labels = [f"tracker.enter_for.{label}" for label in self.enter_for]
        modes = [("audio.muted", self.muted), ("baseline.mode", self.baseline), ("log_level", self.log_level)]
        return labels + [name for name, value in modes if value is not None]

    def settle(self, config: Config) -> str:
        """Leaves the mute to ``config`` where that says the same; as ``keep``.

        A switch only says on and off, and so can never give the config its word back.  Without this, ``audio.muted``
        set to true would do nothing on a device that was once switched off and on.
        """
        if self.muted != config.audio.muted:
            return ""
        self.muted = None
        return self.keep()

    def keep(self) -> str:
        """Writes the file; why what is set will not outlive the program, or nothing."""
        if self._file is None:
            return "there is no state directory"
        self._next_try_s = time.monotonic() + _AGAIN_S
        if self._writing is None or not self._writing.is_alive():
            kept = _Kept(muted=self.muted, enter_for=self.enter_for, baseline=self.baseline)
            self._writing = threading.Thread(
                target=self._write, args=(self._file, msgspec.json.encode(kept)), name="edged-overrides", daemon=True
            )
            self._writing.start()
            self._writing.join(_WITHIN_S)
        if self._writing.is_alive():
            return f"{self._file}: the disk does not answer"
        if not self._fault:
            self._next_try_s = 0.0
        return self._fault

    def keep_again(self) -> None:
        """Tries once more, a minute after the disk refused."""
        if self._next_try_s and time.monotonic() >= self._next_try_s and not self.keep():
            _log.info("what was set by command is kept now: %s", self._file)

    def _write(self, file: Path, content: bytes) -> None:
        fresh = file.with_name(f"{file.name}.new")
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with fresh.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            fresh.replace(file)
            folder = os.open(file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as exc:
            self._fault = f"{file}: {exc.strerror or exc}"
        else:
            self._fault = ""

    def _read(self, file: Path, labels: tuple[str, ...]) -> None:
        try:
            content = _content(file)
        except FileNotFoundError:
            return
        except OSError as exc:
            self.muted = True
            _log.error("%s: %s; muted until a command says otherwise", file, exc.strerror or exc)
            return
        try:
            kept = msgspec.json.decode(content, type=_Kept)
        except _DAMAGED as exc:
            self.muted = True
            aside = file.with_name(f"{NAME}.damaged")
            with contextlib.suppress(OSError):
                aside.write_bytes(content)
            _log.error("%s: %s; kept as %s; muted until a command says otherwise", file, exc, aside.name)
            self.keep()  # in its place, never without one: the next start is muted too
            return
        self.muted, self.baseline = kept.muted, kept.baseline
        self.enter_for = {label: enter for label, enter in kept.enter_for.items() if label in labels}
        if lacking := sorted(kept.enter_for.keys() - set(labels)):
            _log.warning("thresholds set by command for labels that the bundle lacks are left out: %s", lacking)
        if kept.muted:
            _log.warning("muted by command before this start, as %s says: the microphone stays closed", file)
        if self.names:
            _log.info("set by command over the config: %s", ", ".join(self.names))


def overrides_for(config: Config, labels: tuple[str, ...]) -> Overrides:
    """The ones of ``edged run``, in the state directory."""
    overrides = Overrides(state_folder(config.state_dir) / NAME, labels)
    if fault := overrides.settle(config):
        _log.warning("what was set by command could not be written anew: %s", fault)
    return overrides


def kept_muted(file: Path) -> bool | None:
    """What was set by command at the daemon that keeps ``file``, for who would open its microphone; writes nothing.

    Raises:
        CaptureError: it cannot be known.
    """
    try:
        return msgspec.json.decode(_content(file), type=_Kept).muted
    except FileNotFoundError:
        return None
    except OSError as exc:
        fault = f"{file}: {exc.strerror or exc}, so it may be muted, and is not opened: try again as root"
        raise CaptureError(fault) from exc
    except _DAMAGED:
        return True


def _content(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_MAX_BYTES)
