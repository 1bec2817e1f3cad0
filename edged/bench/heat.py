"""Temperature and throttling of the board, before and after a measurement.

    /sys/class/thermal, the firmware's get_throttled in /sys or `vcgencmd get_throttled` ──► Heat

A board that is throttled during the measurement is slower than when it is cool.
"""

import shutil
import subprocess

import msgspec

from edged.host.metrics import temperature_c, throttling, throttling_of

_VCGENCMD_S = 2.0  # the firmware answers at once, or hangs


class Heat(msgspec.Struct, frozen=True):
    """Temperature and throttling; None if the machine has no thermometer, or does not report throttling."""

    temperature_c: float | None
    throttling: list[str] | None

    @property
    def throttled_now(self) -> list[str]:
        """The reasons that hold now, not since the boot."""
        return [reason for reason in self.throttling or () if not reason.endswith("_before")]


def heat() -> Heat:
    """The current heat of this board."""
    found = throttling()
    return Heat(temperature_c(), _asked() if found is None else found)


def _asked() -> list[str] | None:
    """The reasons from `vcgencmd`, for kernels without the file in /sys."""
    program = shutil.which("vcgencmd")
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 -- a fixed argument to a program of the system
            [program, "get_throttled"], capture_output=True, timeout=_VCGENCMD_S, check=True
        )
        return throttling_of(int(done.stdout.decode("ascii").strip().removeprefix("throttled="), 16))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
