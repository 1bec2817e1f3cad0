"""The microphone: a real PortAudio records a real pulseaudio, and reports when either is missing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.parts.sound.pulse import VirtualMicrophone, virtual_microphone

__all__ = ["virtual_microphone"]  # pytest finds the fixture by its name here

RATE = 16_000

# Each script runs in a separate process: PortAudio reads the environment when it loads.
_LISTEN = """
import json, sys, threading, time, numpy as np
from edged.audio.microphone import Microphone
from edged.config.structs import Audio
with Microphone(Audio(device=sys.argv[1])) as microphone:
    chunks = []
    while microphone._ring.n_written < 4000 or not any(s.samples.any() for s in chunks):  # the sound has arrived
        chunks += [s for s in [microphone.read(1)] if s is not None]
        if len(chunks) == 1:
            print("listening", flush=True)
    last = chunks[-1].start + len(chunks[-1].samples)
    while chunks[-1].start < last + 16000:  # and a second of it
        chunks += [s for s in [microphone.read(1)] if s is not None]
    late_s = time.time() - chunks[-1].utc_s - len(chunks[-1].samples) / 16000
    threads = sorted(t.name for t in threading.enumerate())
    count, monotonic_s = microphone._ring.newest
while (rest := microphone.read(1)) is not None:  # a closed ring gives what it had, and then nothing
    chunks.append(rest)
tail = np.concatenate([s.samples for s in chunks])[-8000:]
print(json.dumps({
    "name": microphone.status.name, "rate_hz": microphone.status.sample_rate_hz, "n_channels": microphone.n_channels,
    "contiguous": all(a.start + len(a.samples) == b.start for a, b in zip(chunks, chunks[1:])),
    "figures": [microphone.status.n_dropped, microphone.status.n_overflows],
    "hz": float(np.argmax(np.abs(np.fft.rfft(tail))) * 16000 / len(tail)), "peak": float(np.abs(tail).max()),
    "late_s": late_s,
    "threads": threads, "threads_after": [t.name for t in threading.enumerate()], "ended": microphone.status.ended,
    "after": microphone.read(1),
}))
"""


def test_hears_what_is_played(virtual_microphone: VirtualMicrophone, tmp_path: Path) -> None:
    """A tone is recorded without gaps, and closing leaves no thread."""
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(30 * 48_000) / 48_000)
    soundfile.write(tmp_path / "tone.wav", tone, 48_000)
    with virtual_microphone.child(_LISTEN, "auto") as child:
        assert child.line() == "listening"
        virtual_microphone.play(tmp_path / "tone.wav")
        recorded: dict[str, Any] = json.loads(child.line())
        assert child.exit_status() == 0
    assert recorded["hz"] == pytest.approx(1000, abs=5)
    assert recorded["peak"] == pytest.approx(0.5, abs=0.02)
    assert recorded["contiguous"]
    assert recorded["figures"] == [0, 0]
    assert (recorded["name"], recorded["rate_hz"], recorded["n_channels"]) == ("default", RATE, 2)
    assert -0.1 < recorded["late_s"] < 60  # never ahead of the clock; a loaded machine may be late
    assert recorded["threads"] == ["MainThread", "edged-microphone"]
    assert recorded["threads_after"] == ["MainThread"]
    assert recorded["ended"]
    assert recorded["after"] is None


def test_lists_what_selects_each(virtual_microphone: VirtualMicrophone) -> None:
    """The list has ALSA's microphones with their selectors, and each selector opens its microphone."""
    script = """
from edged.audio.driver import microphones
from edged.audio.microphone import Microphone
from edged.config.structs import Audio
for listed in microphones():
    with Microphone(Audio(device=listed.selector)) as microphone:
        while microphone.read(1) is None:
            assert not microphone.status.trouble
        print(listed.selector, listed.default, microphone.status.name)
"""
    with virtual_microphone.child(script) as child:
        assert {child.line(), child.line()} == {"name:pulse False pulse", "name:default True default"}
        assert child.exit_status() == 0


def test_says_when_it_is_silent(virtual_microphone: VirtualMicrophone, tmp_path: Path) -> None:
    """A microphone that delivers only zeros is silent until a sound is played."""
    soundfile.write(tmp_path / "noise.wav", np.random.default_rng(2).standard_normal(30 * RATE) / 20, RATE)
    script = """
from edged.audio.microphone import Microphone
from edged.config.structs import Audio
with Microphone(Audio(silent_after_s=0.3)) as microphone:
    for silent in (True, False):
        while microphone.status.silent != silent:
            microphone.read(1)
        print(microphone.status.silent, microphone.status.state, microphone.status.trouble)
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == "True muted microphone 'default': nothing but one value for 0.3 s; muted?"
        virtual_microphone.play(tmp_path / "noise.wav")
        assert child.line() == "False online "
        assert child.exit_status() == 0


def test_runs_without_executable_memory(virtual_microphone: VirtualMicrophone) -> None:
    """Recording works under systemd's MemoryDenyWriteExecute, where a callback stream would not start."""
    script = """
import ctypes
PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
refused = ctypes.CDLL(None).prctl(PR_SET_MDWE, ctypes.c_ulong(REFUSE_EXEC_GAIN), *[ctypes.c_ulong(0)] * 3)
print("no" if refused else "yes", flush=True)
from edged.audio.microphone import Microphone
from edged.config.structs import Audio
with Microphone(Audio()) as microphone:
    while microphone._ring.n_written < 4000:
        microphone.read(1)
print("recorded")
"""
    with virtual_microphone.child(script) as child:
        if child.line() == "no":
            pytest.skip("needs Linux 6.3: prctl(PR_SET_MDWE)")
        assert child.line() == "recorded"
        assert child.exit_status() == 0


def test_pipeline_that_is_too_slow_loses_the_oldest(virtual_microphone: VirtualMicrophone) -> None:
    """Samples that do not fit the ring are dropped and counted, and the next chunk starts later by that number."""
    script = """
import threading
from edged.audio.microphone import Microphone
from edged.config.structs import Audio
with Microphone(Audio(buffer_s=0.5)) as microphone:
    while microphone._ring.n_written < 12000:
        threading.Event().wait(0.01)
    chunk = microphone.read(1)
    status = microphone.status
    print(len(chunk.samples), chunk.start >= 4000, status.n_dropped >= chunk.start, status.n_overflows)
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == "8000 True True 0"
        assert child.exit_status() == 0
