"""Selecting a microphone: by name, whole or in part, never by number."""

import pytest

from edged.audio.devices import InputDevice, selected, selectors
from edged.errors import CaptureError


def device(name: str, *, default: bool = False) -> InputDevice:
    """A microphone of that name."""
    return InputDevice(name=name, index=hash(name) % 99, n_channels=1, rate_hz=48_000, default=default)


PNP = device("USB PnP Sound Device: Audio (hw:1,0)")
HAT = device("seeed-2mic-voicecard: bcm2835 (hw:2,0)")
PULSE = device("pulse", default=True)
ALL = [PNP, HAT, PULSE]


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
    ],
)
def test_selector_means_one_device(selector: str, expected: InputDevice) -> None:
    """Part of a name does, upper and lower case are one, and auto is the system's default."""
    assert selected(ALL, selector) is expected


def test_whole_name_goes_before_a_part() -> None:
    """A device whose name is part of another's can be selected all the same."""
    longer = device("USB Audio 2 (hw:1,0)")
    exact = device("USB Audio (hw:2,0)")
    assert selected([longer, exact], "usb audio") is exact


def test_card_number_is_no_part_of_the_selector() -> None:
    """What the table shows selects the same microphone after its number has changed."""
    assert selectors(ALL) == ["name:USB PnP Sound Device: Audio", "name:seeed-2mic-voicecard: bcm2835", "name:pulse"]
    moved = device("USB PnP Sound Device: Audio (hw:3,0)")
    assert selected([HAT, moved], selectors(ALL)[0]) is moved


def test_each_selector_selects_its_own_device() -> None:
    """Two of the same kind are told apart by the only thing in which their names differ."""
    twins = [device("USB Mic (hw:1,0)"), device("USB Mic (hw:2,0)"), device("pulse")]
    assert [selected(twins, selector) for selector in selectors(twins)] == twins


@pytest.mark.parametrize("selector", ["webcam", "name:webcam", "", "name:"])
def test_absent_device_lists_what_there_is(selector: str) -> None:
    """The message has what would have selected each microphone."""
    expected = (
        f"^microphone '{selector}': not found; there is 'name:USB PnP Sound Device: Audio', "
        "'name:seeed-2mic-voicecard: bcm2835', 'name:pulse'$"
    )
    with pytest.raises(CaptureError, match=expected):
        selected(ALL, selector)


def test_ambiguous_part_lists_what_there_is() -> None:
    """Two that have it in their names are one too many."""
    with pytest.raises(CaptureError, match="'a': 2 have that in their name; there is 'name:USB PnP"):
        selected([PNP, HAT], "a")


@pytest.mark.parametrize("selector", ["auto", "pulse"])
def test_no_microphone_at_all(selector: str) -> None:
    """A machine without any says so, whatever was asked for."""
    with pytest.raises(CaptureError, match=f"^microphone '{selector}': .*; there is no microphone at all$"):
        selected([], selector)
