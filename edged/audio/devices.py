"""The microphones that PortAudio lists, told apart by what stays the same over reboots: the name, never the number.

    audio.device: "auto" | "name:<part of a name>" | "<part of a name>" ──► one InputDevice, or a CaptureError

ALSA's numbers change when a microphone is plugged in elsewhere or found later at the boot, and PortAudio ends the names
of sound cards with them, ``USB PnP Sound Device: Audio (hw:1,0)``.  They are left out of what selects a microphone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edged.errors import CaptureError

_ALSA_NUMBER = re.compile(r"\s*\((?:plug)?hw:\d+,\d+\)$")
_NAME = "name:"


@dataclass(frozen=True, slots=True)
class InputDevice:
    """One microphone as PortAudio lists it."""

    name: str
    index: int  # PortAudio's, good until it is initialised again: never shown, never kept
    n_channels: int
    rate_hz: int  # the rate that the driver names as its own
    default: bool  # what "auto" takes
    selector: str = ""  # what selects it in the config

    @property
    def stable_name(self) -> str:
        """The name without ALSA's card number."""
        return _ALSA_NUMBER.sub("", self.name)


def selectors(devices: Sequence[InputDevice]) -> list[str]:
    """What selects each of ``devices`` in the config: its stable name, or the whole one where two share the first."""
    names = [device.stable_name.casefold() for device in devices]
    unique = [names.count(name) == 1 for name in names]
    return [
        _NAME + (device.stable_name if alone else device.name) for device, alone in zip(devices, unique, strict=True)
    ]


def selected(devices: Sequence[InputDevice], selector: str) -> InputDevice:
    """The one device that ``selector`` means; a whole name goes before a part of one, upper and lower case are one.

    Raises:
        CaptureError: none or more than one; the message lists what there is.
    """
    there_is = "; there is " + (", ".join(repr(name) for name in selectors(devices)) or "no microphone at all")
    if selector == "auto":
        for device in devices:
            if device.default:
                return device
        raise CaptureError(f"microphone 'auto': no default input device{there_is}")
    wanted = selector.removeprefix(_NAME).strip().casefold()
    whole = [device for device in devices if wanted in {device.name.casefold(), device.stable_name.casefold()}]
    part = [device for device in devices if wanted and wanted in device.name.casefold()]
    matches = whole or part
    if not matches:
        raise CaptureError(f"microphone {selector!r}: not found{there_is}")
    if len(matches) > 1:
        raise CaptureError(f"microphone {selector!r}: {len(matches)} have that in their name{there_is}")
    return matches[0]
