"""USB identity of sound cards, from small trees in the kernel's layout."""

from pathlib import Path

import pytest

from edged.audio.usb_identity import UsbIdentity, usb_identities
from tests.parts.sound.sysfs import PI_4, PI_5, FakeSysfs


@pytest.fixture
def sysfs(tmp_path: Path) -> FakeSysfs:
    """A machine without sound cards."""
    return FakeSysfs(tmp_path)


def test_usb_card_is_known_by_its_device(sysfs: FakeSysfs) -> None:
    """Vendor, product, serial and port come from the USB device above the interface, not from its hub."""
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
    """The path contains neither bus nor controller number, which depend on the boot order."""
    sysfs.usb_card(1, "1-1.3", vendor="0d8c", product="0014", controller=controller)
    sysfs.usb_card(2, "3-1.3", vendor="0d8c", product="0014", controller=controller)
    identity = usb_identities(sysfs.sound)
    assert identity[1].path == identity[2].path == path


def test_socket_of_a_hub_that_is_part_of_another(sysfs: FakeSysfs) -> None:
    """Port 1 of the hub at port 4 of the hub at port 1."""
    sysfs.usb_card(3, "1-1.4.1", vendor="046D", product="082D")
    identity = usb_identities(sysfs.sound)[3]
    assert (identity.path, identity.kernel_path) == ("0000:01:00.0:1.4.1", "1-1.4.1")
    assert list(identity.selectors()) == ["usb-id:046d:082d", "usb-path:0000:01:00.0:1.4.1", "usb-path:1-1.4.1"]


def test_card_of_the_board_has_no_identity(sysfs: FakeSysfs) -> None:
    """A HAT is no USB device; other cards are still identified."""
    sysfs.board_card(0)
    sysfs.usb_card(1, "1-1", vendor="0d8c", product="0014")
    assert list(usb_identities(sysfs.sound)) == [1]


def test_card_that_vanishes_is_left_out(sysfs: FakeSysfs) -> None:
    """A dangling link, which exists briefly while a card is unplugged, is ignored."""
    sysfs.usb_card(1, "1-1", vendor="0d8c", product="0014")
    (sysfs.sound / "card2").symlink_to(sysfs.sound / "gone")
    assert list(usb_identities(sysfs.sound)) == [1]
    sysfs.unplug(1)
    assert usb_identities(sysfs.sound) == {}


def test_machine_without_sound(tmp_path: Path) -> None:
    """Without a sound driver the result is empty."""
    assert usb_identities(tmp_path / "none") == {}
