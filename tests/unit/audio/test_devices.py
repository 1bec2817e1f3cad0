"""Selecting a microphone by identity, by port or by name, never by number."""

import pytest
import yaml

from edged.audio.devices import InputDevice, identified, selected
from edged.audio.usb_identity import UsbIdentity
from edged.errors import CaptureError


def device(name: str, *, default: bool = False) -> InputDevice:
    """A microphone with this name."""
    return InputDevice(name=name, index=hash(name) % 99, n_channels=1, rate_hz=48_000, default=default)


def usb(path: str, serial: str = "", product: str = "0014") -> UsbIdentity:
    """A cheap microphone at a port of the first bus."""
    return UsbIdentity("0d8c", product, serial, f"0000:01:00.0:{path}", f"1-{path}")


PNP = device("USB PnP Sound Device: Audio (hw:1,0)")
HAT = device("seeed-2mic-voicecard: bcm2835 (hw:2,0)")
PULSE = device("pulse", default=True)
ALL = identified([PNP, HAT, PULSE], {1: usb("1.3")})


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("auto", PULSE),
        ("pulse", PULSE),
        ("name:pulse", PULSE),
        ("usb pnp", PNP),
        ("name:USB PnP Sound Device: Audio", PNP),
        ("name: SEEED", HAT),
        ("hw:2,0", HAT),
        ("USB PnP Sound Device: Audio (hw:1,0)", PNP),
        ("usb-id:0d8c:0014", PNP),
        ("usb-id:0D8C:0014", PNP),
        ("usb-path:0000:01:00.0:1.3", PNP),
        ("usb-path:1-1.3", PNP),
    ],
)
def test_selector_means_one_device(selector: str, expected: InputDevice) -> None:
    """Part of a name selects a device regardless of case; auto is the system's default."""
    assert selected(ALL, selector).name == expected.name


def test_whole_name_goes_before_a_part() -> None:
    """A device whose name is part of another's can be selected."""
    longer = device("USB Audio 2 (hw:1,0)")
    exact = device("USB Audio (hw:2,0)")
    assert selected([longer, exact], "usb audio") is exact


def test_card_number_is_no_part_of_the_selector() -> None:
    """A selector from the table still works after the card number and list order have changed."""
    assert [known.selector for known in ALL] == [
        "usb-id:0d8c:0014",
        "name:seeed-2mic-voicecard: bcm2835",
        "name:pulse",
    ]
    moved = device("USB PnP Sound Device: Audio (hw:3,0)")
    again = identified([HAT, moved, device("USB Headset: Audio (hw:1,0)")], {3: usb("1.3"), 1: usb("1.1", "", "0102")})
    assert selected(again, ALL[0].selector).name == moved.name


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (usb("1.1", "A"), usb("1.3", "B"), ["usb-id:0d8c:0014:A", "usb-id:0d8c:0014:B"]),
        (usb("1.1", "A"), usb("1.3", "A"), ["usb-path:0000:01:00.0:1.1", "usb-path:0000:01:00.0:1.3"]),
        (usb("1.1"), usb("1.3"), ["usb-path:0000:01:00.0:1.1", "usb-path:0000:01:00.0:1.3"]),
        (usb("1.1"), usb("1.3", product="013c"), ["usb-id:0d8c:0014", "usb-id:0d8c:013c"]),
        (None, None, ["name:USB Mic (hw:1,0)", "name:USB Mic (hw:2,0)"]),
    ],
)
def test_each_selector_selects_its_own_device(
    first: UsbIdentity | None, second: UsbIdentity | None, expected: list[str]
) -> None:
    """Devices of the same name are distinguished by serial, then by port, and by number as a last resort."""
    cards = {number: card for number, card in ((1, first), (2, second)) if card}
    duplicates = identified([device("USB Mic (hw:1,0)"), device("USB Mic (hw:2,0)"), device("pulse")], cards)
    assert [duplicate.selector for duplicate in duplicates[:2]] == expected
    assert [selected(duplicates, duplicate.selector) for duplicate in duplicates] == duplicates


def test_same_socket_on_another_bus_number() -> None:
    """The same port is selected although the controllers were enumerated in another order."""
    devices = identified([PNP], {1: UsbIdentity("0d8c", "0014", "", "0000:01:00.0:1.3", "3-1.3")})
    assert selected(devices, "usb-path:0000:01:00.0:1.3") is devices[0]


def test_card_with_two_inputs_means_its_first() -> None:
    """The card's identity selects its first input; the second is selected by name."""
    inputs = identified([device("Mixer: Line (hw:1,1)"), device("Mixer: Mic (hw:1,0)")], {1: usb("1.3")})
    assert [devices.selector for devices in inputs] == ["name:Mixer: Line", "usb-id:0d8c:0014"]
    assert selected(inputs, "usb-path:1-1.3").name == "Mixer: Mic (hw:1,0)"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("pulse", "name:pulse"),
        ("USB Mic: Audio (hw:1,0)", '"name:USB Mic: Audio"'),
        ("Mic #2", '"name:Mic #2"'),
        ('A "good" mic:', '"name:A \\"good\\" mic:"'),
        ("Größe\t: x", '"name:Größe\\t: x"'),
    ],
)
def test_written_is_read_back_by_yaml(name: str, written: str) -> None:
    """A selector from the table can be copied into YAML unchanged."""
    (devices,) = identified([device(name)], {})
    assert devices.written == written
    assert yaml.safe_load(f"device: {written}")["device"] == devices.selector
    assert selected([devices], devices.selector) is devices


@pytest.mark.parametrize("selector", ["webcam", "name:webcam", "", "name:", "usb-id:0d8c:9999", "usb-path:1-1"])
def test_absent_device_lists_what_there_is(selector: str) -> None:
    """The message lists the selector of each microphone."""
    expected = (
        f"^microphone '{selector}': not found; there is 'usb-id:0d8c:0014', "
        "'name:seeed-2mic-voicecard: bcm2835', 'name:pulse'$"
    )
    with pytest.raises(CaptureError, match=expected):
        selected(ALL, selector)


def test_ambiguous_part_lists_what_there_is() -> None:
    """Two matching names are an error."""
    with pytest.raises(CaptureError, match="'a': 2 have that in their name; there is 'usb-id:0d8c:0014'"):
        selected(identified([PNP, HAT], {1: usb("1.3")}), "a")


def test_ambiguous_identity_lists_what_there_is() -> None:
    """Two devices of one product are an error that lists selectors to tell them apart."""
    duplicates = identified([device("Mic (hw:1,0)"), device("Mic (hw:2,0)")], {1: usb("1.1"), 2: usb("1.3")})
    with pytest.raises(CaptureError, match=r"'usb-id:0d8c:0014': 2 are; there is 'usb-path:0000:01:00\.0:1\.1', "):
        selected(duplicates, "usb-id:0d8c:0014")


@pytest.mark.parametrize("selector", ["auto", "pulse", "usb-id:0d8c:0014"])
def test_no_microphone_at_all(selector: str) -> None:
    """Without any microphone the message says so for every selector."""
    with pytest.raises(CaptureError, match=f"^microphone '{selector}': .*; there is no microphone at all$"):
        selected([], selector)
