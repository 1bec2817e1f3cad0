"""The microphone: a real PortAudio recording a real pulseaudio, and what it says when either is not there."""

import json
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edged.audio import microphone as module
from edged.audio.microphone import Microphone, microphones
from edged.errors import CaptureError
from tests.pulse import VirtualMicrophone, virtual_microphone

__all__ = ["virtual_microphone"]  # pytest finds the fixture by its name here

RATE = 16_000

# Each script runs in a process of its own: PortAudio reads the environment when it is loaded.
_LISTEN = """
import json, sys, threading, numpy as np
from edged.audio.microphone import Microphone
with Microphone(sys.argv[1]) as microphone:
    stretches = []
    while microphone.n_samples < 4000 or not any(s.samples.any() for s in stretches):  # the sound has arrived
        stretches += [s for s in [microphone.read(1)] if s is not None]
        if len(stretches) == 1:
            print("listening", flush=True)
    last = stretches[-1].start + len(stretches[-1].samples)
    while stretches[-1].start < last + 16000:  # and a second of it
        stretches += [s for s in [microphone.read(1)] if s is not None]
    threads = sorted(t.name for t in threading.enumerate())
    count, monotonic_s = microphone.newest
heard = np.concatenate([s.samples for s in stretches])[-8000:]
print(json.dumps({
    "name": microphone.name, "rate_hz": microphone.sample_rate_hz, "n_channels": microphone.n_channels,
    "contiguous": all(a.start + len(a.samples) == b.start for a, b in zip(stretches, stretches[1:])),
    "figures": [microphone.n_dropped, microphone.n_overflows],
    "hz": float(np.argmax(np.abs(np.fft.rfft(heard))) * 16000 / len(heard)), "peak": float(np.abs(heard).max()),
    "utc_s": stretches[-1].utc_s + len(stretches[-1].samples) / 16000,
    "threads": threads, "threads_after": [t.name for t in threading.enumerate()], "ended": microphone.ended,
    "after": microphone.read(1),
}))
"""
_FAIL = """
import sys, threading, time
from edged.audio.microphone import Microphone
from edged.errors import CaptureError
with Microphone() as microphone:
    while not microphone.n_samples:
        microphone.read(1)
    print("listening", flush=True)
    try:
        while True:
            microphone.read(0.5)
    except CaptureError as exc:
        print(exc, flush=True)
    began_s = time.monotonic()
print(time.monotonic() - began_s, *(t.name for t in threading.enumerate()))
"""


def test_hears_what_is_played(virtual_microphone: VirtualMicrophone, tmp_path: Path) -> None:
    """A tone played into the sound server comes out as that tone, without a gap, and closing leaves no thread."""
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(30 * 48_000) / 48_000)
    soundfile.write(tmp_path / "tone.wav", tone, 48_000)
    with virtual_microphone.child(_LISTEN, "auto") as child:
        assert child.line() == "listening"
        virtual_microphone.play(tmp_path / "tone.wav")
        heard: dict[str, Any] = json.loads(child.line())
        assert child.exit_status(10) == 0
    assert heard["hz"] == pytest.approx(1000, abs=5)
    assert heard["peak"] == pytest.approx(0.5, abs=0.02)
    assert heard["contiguous"]
    assert heard["figures"] == [0, 0]
    assert (heard["name"], heard["rate_hz"], heard["n_channels"]) == ("default", RATE, 1)
    assert heard["utc_s"] == pytest.approx(time.time(), abs=2)
    assert heard["threads"] == ["MainThread", "edged-microphone"]
    assert heard["threads_after"] == ["MainThread"]
    assert heard["ended"]
    assert heard["after"] is None


def test_lists_what_selects_each(virtual_microphone: VirtualMicrophone) -> None:
    """The microphones that ALSA offers are listed with their selectors, and each selector opens its own."""
    script = """
from edged.audio.microphone import Microphone, microphones
for listed in microphones():
    with Microphone(listed.selector) as microphone:
        print(listed.selector, listed.default, microphone.name)
"""
    with virtual_microphone.child(script) as child:
        assert {child.line(), child.line()} == {"name:pulse False pulse", "name:default True default"}
        assert child.exit_status(10) == 0


def test_says_when_it_is_silent(virtual_microphone: VirtualMicrophone, tmp_path: Path) -> None:
    """A microphone that gives nothing but zeros is known as silent until something is played."""
    soundfile.write(tmp_path / "noise.wav", np.random.default_rng(2).standard_normal(30 * RATE) / 20, RATE)
    script = """
from edged.audio.microphone import Microphone
with Microphone(silent_after_s=0.3) as microphone:
    for silent in (True, False):
        while microphone.silent != silent:
            microphone.read(1)
        print(microphone.silent)
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == "True"
        virtual_microphone.play(tmp_path / "noise.wav")
        assert child.line() == "False"
        assert child.exit_status(10) == 0
        assert "digital silence for 0.3 s" in child.stderr()


def test_unplugged(virtual_microphone: VirtualMicrophone) -> None:
    """When the microphone goes away the pipeline gets one line that says so, and everything closes at once."""
    with virtual_microphone.child(_FAIL) as child:
        assert child.line() == "listening"
        virtual_microphone.kill()
        message = child.line()
        assert message.startswith("microphone 'default': reading failed (")
        assert message.endswith("); was it unplugged?")
        closing_s, *threads = child.line().split()
        assert child.exit_status(10) == 0
    assert float(closing_s) < 1.5
    assert threads == ["MainThread"]


def test_driver_that_hangs(virtual_microphone: VirtualMicrophone) -> None:
    """When no sample comes any more and no call returns, it is said after 5 s, and the program can still end."""
    with virtual_microphone.child(_FAIL) as child:
        assert child.line() == "listening"
        virtual_microphone.freeze()
        assert child.line() == "microphone 'default': stalled, no sample for 5 s; was it unplugged?"
        closing_s = float(child.line().split()[0])
        assert child.exit_status(10) == 0
        assert "the driver hangs; its thread is left behind" in child.stderr()
    assert closing_s < 2.5


def test_runs_without_executable_memory(virtual_microphone: VirtualMicrophone) -> None:
    """Under what systemd's MemoryDenyWriteExecute forbids it hears all the same; a callback stream would not start."""
    script = """
import ctypes
PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
refused = ctypes.CDLL(None).prctl(PR_SET_MDWE, ctypes.c_ulong(REFUSE_EXEC_GAIN), *[ctypes.c_ulong(0)] * 3)
print("no" if refused else "yes", flush=True)
from edged.audio.microphone import Microphone
with Microphone() as microphone:
    while microphone.n_samples < 4000:
        microphone.read(1)
print("heard")
"""
    with virtual_microphone.child(script) as child:
        if child.line() == "no":
            pytest.skip("needs Linux 6.3: prctl(PR_SET_MDWE)")
        assert child.line() == "heard"
        assert child.exit_status(10) == 0


def test_pipeline_that_is_too_slow_loses_the_oldest(virtual_microphone: VirtualMicrophone) -> None:
    """What does not fit the ring is dropped and counted, and the next stretch starts later by just that."""
    script = """
from edged.audio.microphone import Microphone
import threading
with Microphone(buffer_s=0.5) as microphone:
    while microphone.n_samples < 12000:
        threading.Event().wait(0.01)
    stretch = microphone.read(1)
    print(len(stretch.samples), stretch.start >= 4000, microphone.n_dropped >= stretch.start, microphone.n_overflows)
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == "8000 True True 0"
        assert child.exit_status(10) == 0


def test_absent_microphone_lists_what_there_is(virtual_microphone: VirtualMicrophone) -> None:
    """A name that nothing has is answered with the names that there are."""
    script = """
from edged.audio.microphone import Microphone
from edged.errors import CaptureError
try:
    Microphone("webcam").__enter__()
except CaptureError as exc:
    print(exc)
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == "microphone 'webcam': not found; there is 'name:pulse', 'name:default'"


def test_without_portaudio_the_package_is_named(virtual_microphone: VirtualMicrophone) -> None:
    """Where the library is missing, the message says what to install; replaying files works all the same."""
    script = """
import ctypes.util
ctypes.util.find_library = lambda name: None  # as on a machine where there is none
import edged.audio.recording
from edged.audio.microphone import microphones
from edged.errors import CaptureError
try:
    microphones()
except CaptureError as exc:
    print(exc)
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == (
            "microphone: the PortAudio library is missing; install the Debian package libportaudio2"
        )


class PickyPortAudio:
    """sounddevice with one microphone that opens only as it was told to; for what pulseaudio never refuses."""

    class PortAudioError(Exception):
        """As sounddevice names it."""

    def __init__(self, *accepted: tuple[int, int]) -> None:
        self.tried: list[tuple[int, int]] = []
        self.default = self
        self.device = (0, 0)
        self._accepted = accepted

    def query_devices(self) -> list[dict[str, object]]:
        """One sound card that names 96 kHz as its own, and one that only plays."""
        card = {"name": "Picky: USB (hw:1,0)", "max_input_channels": 2, "default_samplerate": 96_000.0}
        return [card, {"name": "HDMI", "max_input_channels": 0, "default_samplerate": 48_000.0}]

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
        ((16_000, 2), "16000 Hz, stereo, down-mixed"),
        ((96_000, 1), "96000 Hz, mono, resampled to 16000 Hz"),
        ((48_000, 2), "48000 Hz, stereo, down-mixed, resampled to 16000 Hz"),
        ((44_100, 1), "44100 Hz, mono, resampled to 16000 Hz"),
    ],
)
def test_opens_as_the_device_allows(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, accepted: tuple[int, int], log: str
) -> None:
    """16 kHz, then the device's own rate, 48 and 44.1 kHz, each mono before stereo; one line says what it was."""
    caplog.set_level(logging.INFO)
    picky = PickyPortAudio(accepted)
    monkeypatch.setattr(module, "_portaudio", lambda: picky)
    with Microphone("picky") as microphone:
        stretch = microphone.read(10)
        assert stretch is not None
        assert (microphone.sample_rate_hz, microphone.n_channels) == accepted
    everything = [(rate_hz, n) for rate_hz in (16_000, 96_000, 48_000, 44_100) for n in (1, 2)]
    assert picky.tried == everything[: everything.index(accepted) + 1]
    assert caplog.records[0].message == f"microphone 'Picky: USB (hw:1,0)' opened at {log}"


def test_nothing_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that refuses everything is named with what was tried and what PortAudio says."""
    monkeypatch.setattr(module, "_portaudio", PickyPortAudio)
    expected = (
        r"^microphone 'Picky: USB \(hw:1,0\)' cannot be opened, tried 16000, 96000, 48000, 44100 Hz: "
        r"Invalid sample rate \[PaErrorCode -9997\]; is another program using it\?$"
    )
    with pytest.raises(CaptureError, match=expected):
        Microphone().__enter__()


def test_only_inputs_are_microphones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that only plays is left out, and a card's number is no part of its selector."""
    monkeypatch.setattr(module, "_portaudio", PickyPortAudio)
    (listed,) = microphones()
    assert (listed.selector, listed.n_channels, listed.rate_hz, listed.default) == ("name:Picky: USB", 2, 96_000, True)
