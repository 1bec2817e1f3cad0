"""The daemon's figures about itself.

counts of the pipeline, /proc/self ──► Figures ──daemon──► the ``health`` payload
"""

import os
import platform
import time
from importlib import metadata
from pathlib import Path


class Figures:
    """Counted by the pipeline thread alone."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self.windows = 0
        self.windows_speech = 0
        self.level_dbfs = -96.0  # of the newest window; silence is never 0
        self.sound_total_s = 0.0
        self._busy_s = self._sound_s = 0.0  # since the last report

    @property
    def uptime_s(self) -> float:
        """Seconds since the start, whatever the wall clock did."""
        return time.monotonic() - self._began_s

    def judged(self, level_dbfs: float, *, speech: bool) -> None:
        """One window went through."""
        self.windows += 1
        self.windows_speech += speech
        self.level_dbfs = level_dbfs

    def heard(self, sound_s: float, busy_s: float) -> None:
        """The pipeline worked ``busy_s`` on ``sound_s`` of sound."""
        self.sound_total_s += sound_s
        self._sound_s += sound_s
        self._busy_s += busy_s

    def real_time_factor(self) -> float:
        """Busy time by time of sound since the last call; 0 where no sound came."""
        factor = self._busy_s / self._sound_s if self._sound_s else 0.0
        self._busy_s = self._sound_s = 0.0
        return factor


def resident_mb() -> float:
    """Resident memory of this process in MB (10^6 bytes); 0 where the system has no /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def versions(runtime: str) -> dict[str, str]:
    """The versions that say which program this is: edged, Python, the TFLite runtime, numpy, paho."""
    names = ("edged", runtime, "numpy", "paho-mqtt")
    found = {name: version for name in names if (version := _version(name))}
    return {**found, "python": platform.python_version()}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
