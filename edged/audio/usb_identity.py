"""ALSA's sound cards to identities that survive a reboot: vendor, product, serial number, socket.

    /sys/class/sound/card1/device ──► …/1f00200000.usb/xhci-hcd.0/usb1/1-1/1-1.3/1-1.3:1.0 ──upwards──► UsbIdentity

This reads sysfs and not /proc/asound, which systemd's ProcSubset=pid hides.  A socket is named
``<controller>:<devpath>``, such as ``1f00200000.usb:1.3``.  Bus numbers, as in ``1-1.3``, and the 0 of ``xhci-hcd.0``
depend on the order in which controllers were found, so the controller is named by its address on the chip or the PCI
bus.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SYSFS = Path("/sys/class/sound")

_CARD = re.compile(r"card(\d+)")
_ROOT_HUB = re.compile(r"usb\d+")
_NUMBERED = re.compile(r"[a-z]+-hcd\.\d+(\.auto)?")  # a controller that the kernel only numbered


@dataclass(frozen=True, slots=True)
class UsbIdentity:
    """One USB sound card."""

    vendor: str  # four hexadecimal digits
    product: str
    serial: str  # empty where it has none
    path: str  # the socket, stable: controller and devpath
    kernel_path: str  # as the kernel, dmesg and ``lsusb -t`` name it: bus and devpath, "1-1.3"

    def selectors(self) -> Iterator[str]:
        """What may select it in the config, the most specific first."""
        if self.serial:
            yield f"usb-id:{self.vendor}:{self.product}:{self.serial}"
        yield f"usb-id:{self.vendor}:{self.product}"
        yield f"usb-path:{self.path}"
        yield f"usb-path:{self.kernel_path}"


def usb_identities(sysfs: Path = SYSFS) -> dict[int, UsbIdentity]:
    """The USB sound cards, by ALSA's current number; onboard cards are not included."""
    if not sysfs.is_dir():
        return {}
    found = {}
    for card in sorted(sysfs.iterdir()):
        number = _CARD.fullmatch(card.name)
        identity = _identity(card / "device") if number else None
        if number and identity:
            found[int(number[1])] = identity
    return found


def _identity(device: Path) -> UsbIdentity | None:
    """The nearest ancestor that is a USB device; a card may vanish while it is looked at."""
    try:
        place = device.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    for ancestor in (place, *place.parents):
        vendor, product = _text(ancestor / "idVendor"), _text(ancestor / "idProduct")
        if vendor and product:
            return UsbIdentity(
                vendor=vendor.lower(),
                product=product.lower(),
                serial=_text(ancestor / "serial"),
                path=f"{_controller(ancestor)}:{_text(ancestor / 'devpath') or ancestor.name.partition('-')[2]}",
                kernel_path=ancestor.name,
            )
    return None


def _controller(usb_device: Path) -> str:
    parents = iter(usb_device.parents)
    for parent in parents:
        if _ROOT_HUB.fullmatch(parent.name):
            break
    return next((parent.name for parent in parents if not _NUMBERED.fullmatch(parent.name)), "")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
