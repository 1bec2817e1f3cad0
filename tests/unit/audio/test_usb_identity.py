"""USB identity of sound cards, from small trees that are laid out as the kernel does."""

from pathlib import Path

import pytest

from edged.audio.usb_identity import UsbIdentity, usb_identities
from tests.parts.sound.sysfs import PI_4, PI_5, FakeSysfs


@pytest.fixture
def sysfs(tmp_path: Path) -> FakeSysfs:
    """A machine without any card yet."""
    return FakeSysfs(tmp_path)


def test_usb_card_is_known_by_its_device(sysfs: FakeSysfs) -> None:
    """Maker, product, serial and socket come from the USB device above the interface, not from the hub above it."""
    sysfs.usb_card(1, "1-1.3", vendor="0d8c", product="0014", serial="A B:1")
    assert usb_identities(sysfs.sound) == {1: UsbIdentity("0d8c", "0014", "A B:1", "0000:01:00.0:1.3", "1-1.3")}


@pytest.mark.parametrize(
    ("controller", "path"),
    [
        (PI_4, "0000:01:00.0:1.3"),
        (PI_5, "1f00200000.usb:1.3"),
        ("devices/platform/soc/3f980000.usb", "3f980000.usb:1.3"),
        ("devices/platform/soc/fe980000.usb/xhci-hcd.1.auto", "fe980000.usb:1.3"),
    ],
)
def test_path_names_the_controller(sysfs: FakeSysfs, controller: str, path: str) -> None:
    """Neither the number of the bus nor that of the controller, which follow the order of the boot, is part of it."""
    sysfs.usb_card(1, "1-1.3", vendor="0d8c", product="0014", controller=controller)
    sysfs.usb_card(2, "3-1.3", vendor="0d8c", product="0014", controller=controller)
    found = usb_identities(sysfs.sound)
    assert found[1].path == found[2].path == path


def test_socket_of_a_hub_that_is_part_of_another(sysfs: FakeSysfs) -> None:
    """Port 1 of the hub at port 4 of the hub at port 1."""
    sysfs.usb_card(3, "1-1.4.1", vendor="046D", product="082D")
    found = usb_identities(sysfs.sound)[3]
    assert (found.path, found.kernel_path) == ("0000:01:00.0:1.4.1", "1-1.4.1")
    assert list(found.selectors()) == ["usb-id:046d:082d", "usb-path:0000:01:00.0:1.4.1", "usb-path:1-1.4.1"]


def test_card_of_the_board_has_no_identity(sysfs: FakeSysfs) -> None:
    """A HAT is no USB device, and its neighbours are found all the same."""
    sysfs.board_card(0)
    sysfs.usb_card(1, "1-1", vendor="0d8c", product="0014")
    assert list(usb_identities(sysfs.sound)) == [1]


def test_card_that_vanishes_is_left_out(sysfs: FakeSysfs) -> None:
    """A link whose end is gone, as it is for a moment while a card is unplugged."""
    sysfs.usb_card(1, "1-1", vendor="0d8c", product="0014")
    (sysfs.sound / "card2").symlink_to(sysfs.sound / "gone")
    assert list(usb_identities(sysfs.sound)) == [1]
    sysfs.unplug(1)
    assert usb_identities(sysfs.sound) == {}


def test_machine_without_sound(tmp_path: Path) -> None:
    """No sound driver at all: nothing, and no error."""
    assert usb_identities(tmp_path / "none") == {}
