"""Metrics of the daemon and of the machine it runs on.

    counts of the pipeline, /proc/self, /sys ──► Metrics ──daemon──► the ``health`` payload

A value that the system does not offer is None: a machine without a thermometer, a board that does not report
throttling.
"""

import contextlib
import os
import platform
import re
import time
from functools import cache
from importlib import metadata
from pathlib import Path

from edged.features.geometry import SILENCE_DBFS, dbfs

_MODEL = Path("/proc/device-tree/model")
_MEMINFO = Path("/proc/meminfo")
_ROLLUP = Path("/proc/self/smaps_rollup")
_THERMAL = Path("/sys/class/thermal")
_PLATFORM = Path("/sys/devices/platform")
# Of the Raspberry Pi's firmware, as in `vcgencmd get_throttled`: bits 0 to 3 are current, 16 to 19 since the boot.
_THROTTLING = ("under_voltage", "frequency_capped", "throttled", "too_hot")
_SINCE_BOOT = 16


class Metrics:
    """Counted by the pipeline thread alone."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self.windows = 0
        self.windows_speech = 0
        self.level_dbfs = SILENCE_DBFS  # of the newest window
        self.sound_total_s = 0.0
        self._busy_s = self._sound_s = self._peak = 0.0  # since the last report
        self._n_clipped = 0  # at the last report
        self._cpu = time.process_time(), self._began_s  # seconds of CPU and of the clock at the last report

    @property
    def uptime_s(self) -> float:
        """Seconds since the start, by the monotonic clock."""
        return time.monotonic() - self._began_s

    def count_window(self, level_dbfs: float, *, speech: bool) -> None:
        """Counts one window."""
        self.windows += 1
        self.windows_speech += speech
        self.level_dbfs = level_dbfs

    def count_sound(self, sound_s: float, busy_s: float, peak: float) -> None:
        """Counts ``sound_s`` of sound with the largest sample ``peak``, processed in ``busy_s``."""
        self._peak = max(self._peak, peak)
        self.sound_total_s += sound_s
        self._sound_s += sound_s
        self._busy_s += busy_s

    def real_time_factor(self) -> float:
        """Busy time divided by the time of sound since the last call; 0 without sound."""
        factor = self._busy_s / self._sound_s if self._sound_s else 0.0
        self._busy_s = self._sound_s = 0.0
        return factor

    def cpu_share(self) -> float:
        """CPU time of all threads divided by the time since the last call; 1 is one core."""
        before, self._cpu = self._cpu, (time.process_time(), time.monotonic())
        elapsed_s = self._cpu[1] - before[1]
        return (self._cpu[0] - before[0]) / elapsed_s if elapsed_s > 0 else 0.0

    def peak_dbfs(self) -> float:
        """The largest sample since the last call, in dBFS; at least -96."""
        peak, self._peak = self._peak, 0.0
        return dbfs(peak)

    def clipping(self, n_clipped: int) -> bool:
        """Whether samples were clipped since the last call; ``n_clipped`` is their total."""
        before, self._n_clipped = self._n_clipped, n_clipped
        return n_clipped > before


def resident_mb() -> float:
    """Resident memory of this process in MB (10^6 bytes); 0 where the system has no /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def proportional_mb(rollup: Path = _ROLLUP) -> float | None:
    """Memory of this process in MB (10^6 bytes), shared pages in equal parts (Pss); None where the kernel lacks it."""
    try:
        found = re.search(r"^Pss:\s+(\d+) kB$", rollup.read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return None
    return int(found[1]) * 1024 / 1e6 if found else None


def available_mb(meminfo: Path = _MEMINFO) -> float | None:
    """Memory in MB (10^6 bytes) that can be had without swapping; None where the kernel does not say."""
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB$", meminfo.read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return None
    return int(found[1]) * 1024 / 1e6 if found else None


def temperature_c(thermal: Path = _THERMAL) -> float | None:
    """Degrees Celsius of the hottest thermal zone."""
    zones_c = []
    for file in thermal.glob("thermal_zone*/temp"):
        with contextlib.suppress(OSError, ValueError):  # a zone may be switched off, or have no reading
            zones_c.append(int(file.read_text(encoding="ascii")) / 1000)
    return max(zones_c, default=None)


def throttling(platform_devices: Path = _PLATFORM) -> list[str] | None:
    """Why the board is throttled now, and with ``_before`` why it was since the boot; empty if it never was."""
    for file in platform_devices.glob("*/*firmware/get_throttled"):
        with contextlib.suppress(OSError, ValueError):
            return throttling_of(int(file.read_text(encoding="ascii"), 16))
    return None


def throttling_of(bits: int) -> list[str]:
    """The reasons in the firmware's ``bits``: now, and with ``_before`` those since the boot that are over."""
    now = [name for bit, name in enumerate(_THROTTLING) if bits >> bit & 1]
    since_boot = [name for bit, name in enumerate(_THROTTLING) if bits >> (_SINCE_BOOT + bit) & 1]
    return now + [f"{name}_before" for name in since_boot if name not in now]


def hardware(model: Path = _MODEL) -> str | None:
    """The board, as in ``Raspberry Pi 4 Model B Rev 1.4``; None where the firmware does not say."""
    try:
        return model.read_text(encoding="ascii").strip("\0 \n") or None
    except (OSError, ValueError):
        return None


def versions(runtime: str) -> dict[str, str]:
    """The versions of edged, Python, the TFLite ``runtime``, numpy and paho."""
    names = ("edged", runtime, "numpy", "paho-mqtt")
    installed = {name: version for name in names if (version := version_of(name))}
    return {**installed, "python": platform.python_version()}


@cache  # the version of the running program, also while an installation replaces it on the disk
def version_of(name: str) -> str:
    """The version of a package; empty where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
