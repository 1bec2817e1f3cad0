"""A small /sys with USB sound cards in a folder, in the kernel's layout: devices as a tree, classes as links.

card(1, "1-1.3", vendor="0d8c") ──► class/sound/card1 -> devices/…/usb1/1-1/1-1.3/1-1.3:1.0/sound/card1
"""

from itertools import accumulate
from pathlib import Path

PI_4 = "devices/platform/scb/fd500000.pcie/pci0000:00/0000:00:00.0/0000:01:00.0"
PI_5 = "devices/platform/axi/1000120000.pcie/1f00200000.usb/xhci-hcd.0"


class FakeSysfs:
    """Sound cards in a ``root`` folder; ``sound`` replaces /sys/class/sound."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.sound = root / "class" / "sound"
        self.sound.mkdir(parents=True)
        (self.sound / "version").write_text("Advanced Linux Sound Architecture\n")

    def usb_card(  # noqa: PLR0913 -- the properties of a card
        self, number: int, port: str, *, vendor: str, product: str, serial: str = "", controller: str = PI_4
    ) -> None:
        """Plug a USB card into ``port``, a kernel path such as 1-1.3: bus, dash, port numbers."""
        bus, _, ports = port.partition("-")
        device = self._root / controller / f"usb{bus}"
        for path in accumulate(ports.split("."), lambda above, number: f"{above}.{number}"):
            device /= f"{bus}-{path}"
        facts = {"idVendor": vendor, "idProduct": product, "devpath": ports, "busnum": bus}
        self._card(number, device / f"{port}:1.0")
        for name, value in {**facts, **({"serial": serial} if serial else {})}.items():
            (device / name).write_text(f"{value}\n")
        hub = self._root / controller / f"usb{bus}"
        (hub / "idVendor").write_text("1d6b\n")
        (hub / "idProduct").write_text("0002\n")

    def board_card(self, number: int) -> None:
        """Add an onboard card, such as a microphone HAT."""
        self._card(number, self._root / "devices" / "platform" / f"soc:sound{number}")

    def unplug(self, number: int) -> None:
        """Remove the card's links, as the kernel does."""
        (self.sound / f"card{number}").unlink()

    def _card(self, number: int, interface: Path) -> None:
        card = interface / "sound" / f"card{number}"
        card.mkdir(parents=True)
        (card / "device").symlink_to(interface)
        (self.sound / f"card{number}").symlink_to(card)
