"""The microphones that PortAudio lists, selected by names that survive a reboot, never by a number.

    audio.device ──► one InputDevice, or a CaptureError that lists what there is
      auto                              the system's default
      name:<part of a name>             "name:" may be left out
      usb-id:<vendor>:<product>         any socket; with :<serial> exactly this one
      usb-path:<controller>:<devpath>   the device in this socket

ALSA's numbers change when a microphone is plugged in elsewhere or found later at boot, and PortAudio appends them to
the names of sound cards, ``USB PnP Sound Device: Audio (hw:1,0)``.  They are no part of a selector; they only map
PortAudio's list to what sysfs knows about the cards.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edged.audio.usb_identity import UsbIdentity
from edged.errors import CaptureError

_ALSA_NUMBER = re.compile(r"\s*\((?:plug)?hw:(\d+),(\d+)\)$")
_NOT_PLAIN = re.compile(r":\s|\s#|[:\s]$")
_NAME, _USB = "name:", ("usb-id:", "usb-path:")


@dataclass(frozen=True, slots=True)
class InputDevice:
    """One microphone as PortAudio lists it."""

    name: str
    index: int  # PortAudio's, valid until it is initialised again: never shown, never stored
    n_channels: int
    rate_hz: int  # the driver's default rate
    default: bool  # whether "auto" selects it
    usb: UsbIdentity | None = None
    selector: str = ""  # what selects it in the config

    @property
    def stable_name(self) -> str:
        """The name without ALSA's card number."""
        return _ALSA_NUMBER.sub("", self.name)

    @property
    def alsa_number(self) -> tuple[int, int] | None:
        """ALSA's current card and device number; None for a device that is no sound card."""
        number = _ALSA_NUMBER.search(self.name)
        return (int(number[1]), int(number[2])) if number else None

    @property
    def written(self) -> str:
        """The selector as it can be copied into config.yaml, quoted if YAML would not read it as plain text."""
        return json.dumps(self.selector, ensure_ascii=False) if _NOT_PLAIN.search(self.selector) else self.selector


def identified(devices: Sequence[InputDevice], cards: Mapping[int, UsbIdentity]) -> list[InputDevice]:
    """``devices`` with the USB identity of their cards and the best selector of each."""
    known = [
        replace(device, usb=cards.get(device.alsa_number[0]) if device.alsa_number else None) for device in devices
    ]
    return [replace(device, selector=_best_selector(device, known)) for device in known]


def selected(devices: Sequence[InputDevice], selector: str) -> InputDevice:
    """The one device that ``selector`` means: a whole name is preferred to a part of one, and case does not matter.

    Raises:
        CaptureError: none or more than one; the message lists the devices.
    """
    there_is = "; there is " + (", ".join(repr(device.selector) for device in devices) or "no microphone at all")
    if selector == "auto":
        for device in devices:
            if device.default:
                return device
        raise CaptureError(f"microphone 'auto': no default input device{there_is}")
    matches = _matches(devices, selector)
    if not matches:
        raise CaptureError(f"microphone {selector!r}: not found{there_is}")
    if len(matches) > 1:
        fit = "are" if selector.startswith(_USB) else "have that in their name"
        raise CaptureError(f"microphone {selector!r}: {len(matches)} {fit}{there_is}")
    return matches[0]


def _best_selector(device: InputDevice, devices: Sequence[InputDevice]) -> str:
    """The first selector that fits this device alone: what it is, then where it is plugged in, then its name."""
    names = [_NAME + device.stable_name, _NAME + device.name]
    candidates = [*(device.usb.selectors() if device.usb else ()), *names]
    return next((candidate for candidate in candidates if _matches(devices, candidate) == [device]), names[-1])


def _matches(devices: Sequence[InputDevice], selector: str) -> list[InputDevice]:
    if selector.startswith(_USB):
        wanted = selector.strip().casefold()
        on_usb = [device for device in devices if device.usb and wanted in map(str.casefold, device.usb.selectors())]
        cards = {device.alsa_number[0] for device in on_usb if device.alsa_number}
        # One card may have several inputs: the selector means the first; the others are selected by name.
        return [min(on_usb, key=lambda device: device.alsa_number or ())] if len(cards) == 1 else on_usb
    wanted = selector.removeprefix(_NAME).strip().casefold()
    whole = [device for device in devices if wanted in {device.name.casefold(), device.stable_name.casefold()}]
    return whole or [device for device in devices if wanted and wanted in device.name.casefold()]
