"""PortAudio's device list and streams, with a driver that is more restrictive than pulseaudio."""

import logging
import re
from pathlib import Path

import pytest

from edged.audio import driver
from edged.audio import microphone as module
from edged.audio.driver import microphones, opened
from edged.audio.microphone import Microphone
from edged.config.structs import Audio
from edged.errors import CaptureError
from tests.parts.sound.pulse import VirtualMicrophone, virtual_microphone
from tests.parts.sound.sysfs import FakeSysfs

__all__ = ["virtual_microphone"]  # pytest finds the fixture by its name here


def read_on(microphone: Microphone) -> None:
    """Read until a chunk arrives or an error is raised."""
    while microphone.read(0.1) is None:
        pass


class PickyPortAudio:
    """sounddevice with one microphone that opens only with given settings; pulseaudio never refuses."""

    class PortAudioError(Exception):
        """Same name as in sounddevice."""

    def __init__(self, *accepted: tuple[int, int]) -> None:
        self.tried: list[tuple[int, int]] = []
        self.begun = 1
        self.default = self
        self.device = (0, 0)
        self._accepted = accepted

    def query_devices(self) -> list[dict[str, object]]:
        """A sound card with 96 kHz as its default rate, and one for playback only."""
        if self.begun < 1:
            raise self.PortAudioError("not initialized")
        card = {"name": "Picky: USB (hw:1,0)", "max_input_channels": 2, "default_samplerate": 96_000.0}
        return [card, {"name": "HDMI", "max_input_channels": 0, "default_samplerate": 48_000.0}]

    @property
    def _initialized(self) -> int:
        return max(0, self.begun)

    def _terminate(self) -> None:
        self.begun -= 1

    def _initialize(self) -> None:
        if self.begun < 0:
            raise self.PortAudioError("no host")
        self.begun += 1

    def RawInputStream(self, *, samplerate: int, channels: int, **_: object) -> "PickyPortAudio":  # noqa: N802
        """Refuse what PortAudio would refuse."""
        self.tried.append((samplerate, channels))
        if (samplerate, channels) not in self._accepted:
            raise self.PortAudioError("Invalid sample rate [PaErrorCode -9997]")
        return self

    def start(self) -> None:
        """Do nothing."""

    def read(self, frames: int) -> tuple[bytes, bool]:
        """A block with the current time."""
        return bytes(2 * frames * self.tried[-1][1]), False

    def abort(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("accepted", "log"),
    [
        ((16_000, 1), "16000 Hz, mono"),
        ((16_000, 2), "16000 Hz, stereo"),
        ((96_000, 1), "96000 Hz, mono, resampled to 16000 Hz"),
        ((48_000, 2), "48000 Hz, stereo, resampled to 16000 Hz"),
        ((44_100, 1), "44100 Hz, mono, resampled to 16000 Hz"),
    ],
)
def test_opens_as_the_device_allows(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, accepted: tuple[int, int], log: str
) -> None:
    """It tries 16 kHz, the device's own rate, 48 and 44.1 kHz, stereo before mono, and logs the result in one line."""
    caplog.set_level(logging.INFO)
    picky = PickyPortAudio(accepted)
    monkeypatch.setattr(driver, "load", lambda: picky)
    with Microphone(Audio(device="picky")) as microphone:
        assert microphone.read(10) is not None
        assert (microphone.status.sample_rate_hz, microphone.n_channels) == accepted
    everything = [(rate_hz, n) for rate_hz in (16_000, 96_000, 48_000, 44_100) for n in (2, 1)]
    assert picky.tried == everything[: everything.index(accepted) + 1]
    assert caplog.records[0].message == f"microphone 'Picky: USB (hw:1,0)' opened at {log}"


def test_nothing_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the device, what was tried, and PortAudio's reason."""
    monkeypatch.setattr(driver, "load", PickyPortAudio)
    expected = (
        r"^microphone 'Picky: USB \(hw:1,0\)' cannot be opened, tried 16000, 96000, 48000, 44100 Hz: "
        r"Invalid sample rate \[PaErrorCode -9997\]; is another program using it\?$"
    )
    with pytest.raises(CaptureError, match=expected):
        opened(microphones()[0])


def test_try_in_vain_writes_nothing(virtual_microphone: VirtualMicrophone) -> None:
    """Output of ALSA and PortAudio during a refused opening does not reach stderr; later output does."""
    script = """
import sys
from edged.audio.driver import microphones, opened
from edged.errors import CaptureError
listed, *_ = microphones()
print(listed.name)
sys.stdin.readline()
try:
    opened(listed)
except CaptureError as exc:
    print(exc, file=sys.stderr)
print("tried")
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == "pulse"
        virtual_microphone.kill()
        child.go_on()
        assert child.line() == "tried"
        assert child.stderr().startswith("microphone 'pulse' cannot be opened, tried 16000, 44100, 48000 Hz: ")
        assert len(child.stderr().splitlines()) == 1


def test_only_inputs_are_microphones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Playback devices are left out, and a card's number is not part of its selector."""
    monkeypatch.setattr(driver, "load", PickyPortAudio)
    (listed,) = microphones(tmp_path)
    assert (listed.selector, listed.n_channels, listed.rate_hz, listed.default) == ("name:Picky: USB", 2, 96_000, True)


def test_name_that_is_not_utf_8_hides_no_other(virtual_microphone: VirtualMicrophone) -> None:
    """The kernel may cut a long name within a character: such a device is left out and logged once."""
    script = """
import logging, os
from pathlib import Path
rc = Path(os.environ["HOME"], ".asoundrc")
rc.write_bytes(rc.read_bytes() + b'pcm."mikr\\xf6" { type pulse }\\npcm.webcam { type pulse }\\n')
logging.basicConfig(format="%(message)s")
from edged.audio.driver import microphones
print(sorted(listed.name for _ in range(2) for listed in microphones() if listed.name in ("pulse", "webcam")))
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == "['pulse', 'pulse', 'webcam', 'webcam']"
        assert child.stderr() == "sound device 'mikr\ufffd' is left out: its name is not UTF-8\n"


def test_list_of_a_driver_that_hangs_is_not_waited_for(virtual_microphone: VirtualMicrophone) -> None:
    """``edged devices`` with a hung sound server prints one line in time and ends."""
    script = """
import sys
from edged.audio import driver
from edged.cli.main import main
from edged.cli.sensor import devices
devices.microphones_in_time = lambda: driver.microphones_in_time(0.5)
sys.exit(main(["devices"]))
"""
    virtual_microphone.freeze()
    try:
        with virtual_microphone.child(script) as child:
            assert child.exit_status() == 1
            assert re.fullmatch("edged: microphone: the driver hangs, no list of .* in 0.5 s; .*\n", child.stderr())
    finally:
        virtual_microphone.thaw()


def test_usb_identity_opens_the_card_that_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A selector in the config opens its card through sysfs, whatever the card is called."""
    sysfs = FakeSysfs(tmp_path)
    sysfs.usb_card(1, "1-1.3", vendor="0d8c", product="0014", serial="A1")
    monkeypatch.setattr(driver, "load", lambda: PickyPortAudio((16_000, 1)))
    (listed,) = microphones(sysfs.sound)
    assert listed.selector == "usb-id:0d8c:0014:A1"
    with Microphone(Audio(device="usb-path:1-1.3"), sysfs=sysfs.sound) as microphone:
        assert microphone.read(10) is not None
        assert microphone.status.name == "Picky: USB (hw:1,0)"


def test_tries_in_vain_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a limited number of counted tries a missing device ends the process."""
    picky = PickyPortAudio()
    monkeypatch.setattr(driver, "load", lambda: picky)
    monkeypatch.setattr(module, "_MAX_TRIES", 3)
    monkeypatch.setattr(module, "_FIRST_S", 0.01)
    with Microphone(Audio(device="webcam")) as microphone:
        with pytest.raises(CaptureError, match=r"^microphone 'webcam': not found; there is .*; tried \d times$"):
            read_on(microphone)
        assert microphone.status.n_tries >= 3
        assert (microphone.status.state, microphone.status.silent) == ("offline", False)


def test_list_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """PortAudio is terminated as often as it was initialised, even after a failed initialisation."""
    picky = PickyPortAudio()
    monkeypatch.setattr(driver, "load", lambda: picky)
    picky.begun = 2
    driver.refresh()
    assert picky.begun == 1
    picky.begun = 0
    driver.refresh()
    assert picky.begun == 1


def test_portaudio_that_cannot_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure is a microphone fault, which is retried, not a program error."""
    picky = PickyPortAudio()
    monkeypatch.setattr(driver, "load", lambda: picky)
    picky.begun = -1
    with pytest.raises(CaptureError, match=r"^microphone: PortAudio cannot be initialised again \(no host\)$"):
        driver.refresh()
    with pytest.raises(CaptureError, match=r"^microphone: PortAudio cannot list the devices \(not initialized\)$"):
        microphones()


def test_without_portaudio_the_package_is_named(virtual_microphone: VirtualMicrophone) -> None:
    """Without the library the message names the package; replaying files still works."""
    script = """
import ctypes.util
ctypes.util.find_library = lambda name: None  # as on a machine where there is none
import edged.audio.recording
from edged.audio.microphone import Microphone
from edged.config.structs import Audio
from edged.errors import CaptureError
try:
    with Microphone(Audio()) as microphone:
        microphone.read(10)
except CaptureError as exc:
    print(exc)
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == (
            "microphone: the PortAudio library is missing; install the Debian package libportaudio2"
        )
