"""PortAudio's list and streams, on a driver that is as picky as pulseaudio never is."""

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
    """Reads until something comes, or is raised."""
    while microphone.read(0.1) is None:
        pass


class PickyPortAudio:
    """sounddevice with one microphone that opens only as it was told to; for what pulseaudio never refuses."""

    class PortAudioError(Exception):
        """As sounddevice names it."""

    def __init__(self, *accepted: tuple[int, int]) -> None:
        self.tried: list[tuple[int, int]] = []
        self.begun = 1
        self.default = self
        self.device = (0, 0)
        self._accepted = accepted

    def query_devices(self) -> list[dict[str, object]]:
        """One sound card that names 96 kHz as its own, and one that only plays."""
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
        """Refuses what PortAudio would refuse."""
        self.tried.append((samplerate, channels))
        if (samplerate, channels) not in self._accepted:
            raise self.PortAudioError("Invalid sample rate [PaErrorCode -9997]")
        return self

    def start(self) -> None:
        """Nothing is to be done."""

    def read(self, frames: int) -> tuple[bytes, bool]:
        """A block as of now."""
        return bytes(2 * frames * self.tried[-1][1]), False

    def abort(self) -> None:
        """Nothing is to be done."""

    def close(self) -> None:
        """Nothing is to be done."""


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
    """16 kHz, then the device's own rate, 48 and 44.1 kHz, each stereo before mono; one line says what it was."""
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
    """A device that refuses everything is named with what was tried and what PortAudio says."""
    monkeypatch.setattr(driver, "load", PickyPortAudio)
    expected = (
        r"^microphone 'Picky: USB \(hw:1,0\)' cannot be opened, tried 16000, 96000, 48000, 44100 Hz: "
        r"Invalid sample rate \[PaErrorCode -9997\]; is another program using it\?$"
    )
    with pytest.raises(CaptureError, match=expected):
        opened(microphones()[0])


def test_try_in_vain_writes_nothing(virtual_microphone: VirtualMicrophone) -> None:
    """The dozens of lines of ALSA and PortAudio at each refused opening do not reach stderr; what comes after does."""
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
    """A device that only plays is left out, and a card's number is no part of its selector."""
    monkeypatch.setattr(driver, "load", PickyPortAudio)
    (listed,) = microphones(tmp_path)
    assert (listed.selector, listed.n_channels, listed.rate_hz, listed.default) == ("name:Picky: USB", 2, 96_000, True)


def test_name_that_is_not_utf_8_hides_no_other(virtual_microphone: VirtualMicrophone) -> None:
    """The kernel cuts long names in the middle of a letter: such a device is left out, which is said once."""
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
    """``edged devices`` with a sound server that is there and says nothing: a line in time, and the program ends."""
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
            assert child.exit_status(20) == 1
            assert re.fullmatch("edged: microphone: the driver hangs, no list of .* in 0.5 s; .*\n", child.stderr())
    finally:
        virtual_microphone.thaw()


def test_usb_identity_opens_the_card_that_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From the config's selector over sysfs to the stream, whatever the card is called."""
    sysfs = FakeSysfs(tmp_path)
    sysfs.usb_card(1, "1-1.3", vendor="0d8c", product="0014", serial="A1")
    monkeypatch.setattr(driver, "load", lambda: PickyPortAudio((16_000, 1)))
    (listed,) = microphones(sysfs.sound)
    assert listed.selector == "usb-id:0d8c:0014:A1"
    with Microphone(Audio(device="usb-path:1-1.3"), sysfs=sysfs.sound) as microphone:
        assert microphone.read(10) is not None
        assert microphone.status.name == "Picky: USB (hw:1,0)"


def test_tries_in_vain_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there is looked for again and again, until a fresh process is cheaper; each try is counted."""
    picky = PickyPortAudio()
    monkeypatch.setattr(driver, "load", lambda: picky)
    monkeypatch.setattr(module, "_MOST_TRIES", 3)
    monkeypatch.setattr(module, "_FIRST_S", 0.01)
    with Microphone(Audio(device="webcam")) as microphone:
        with pytest.raises(CaptureError, match=r"^microphone 'webcam': not found; there is .*; tried \d times$"):
            read_on(microphone)
        assert microphone.status.n_tries >= 3
        assert (microphone.status.state, microphone.status.silent) == ("offline", False)


def test_list_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """PortAudio is ended as often as it was begun, also where the last beginning failed, and begun once."""
    picky = PickyPortAudio()
    monkeypatch.setattr(driver, "load", lambda: picky)
    picky.begun = 2
    driver.refresh()
    assert picky.begun == 1
    picky.begun = 0
    driver.refresh()
    assert picky.begun == 1


def test_portaudio_that_cannot_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its failure is a fault of the microphone, which is tried again, and not of the program."""
    picky = PickyPortAudio()
    monkeypatch.setattr(driver, "load", lambda: picky)
    picky.begun = -1
    with pytest.raises(CaptureError, match=r"^microphone: PortAudio cannot begin anew \(no host\)$"):
        driver.refresh()
    with pytest.raises(CaptureError, match=r"^microphone: PortAudio cannot list the devices \(not initialized\)$"):
        microphones()


def test_without_portaudio_the_package_is_named(virtual_microphone: VirtualMicrophone) -> None:
    """Where the library is missing, the message says what to install; replaying files works all the same."""
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
