"""A muted microphone: the device is closed, nothing is recorded or searched for, and the watchdog is still fed."""

import json
from typing import Any

from edged.audio.mute import Mute
from tests.parts.sound.pulse import VirtualMicrophone, virtual_microphone

__all__ = ["virtual_microphone"]  # pytest finds the fixture by its name here

_SWITCH = """
import json, sys, threading, time
import msgspec
from edged.audio import microphone as module, mute
from edged.config.structs import Audio
mute.REST_S = 0.1

def say(**more):
    print(json.dumps({"state": microphone.status.state, "trouble": microphone.status.trouble, **more}), flush=True)

def until(condition):
    while not condition():
        microphone.read(0.05)

with module.Microphone(Audio(device="pulse", max_recovery_s=0.3)) as microphone:
    chunk = None
    while chunk is None or chunk.start + len(chunk.samples) < 8000:
        chunk = microphone.read(1) or chunk
    say()
    sys.stdin.readline()
    microphone.mute(True)
    kept = microphone._ring.read(0)
    until(lambda: microphone.status.trouble.endswith("is closed"))
    tries, began_s = microphone.status.n_tries, time.monotonic()
    until(lambda: time.monotonic() - began_s > 1)  # three times as long as a lost one is looked for
    say(kept=kept is None, rounds=microphone.status.n_tries - tries, in_memory=bool(microphone._ring._array.any()))
    sys.stdin.readline()
    microphone._audio = msgspec.structs.replace(microphone._audio, max_recovery_s=60)  # opening may take a while
    microphone.mute(False)
    again = None
    while again is None:
        again = microphone.read(1)
    status = microphone.status
    say(
        jump=again.start - chunk.start - len(chunk.samples), lost=status.n_dropped, gaps=status.n_gaps,
        recoveries=status.n_recoveries,
    )
    microphone.mute(True)
    microphone.mute(False)  # taken back at once
    until(lambda: microphone.status.n_gaps == 2)
    say(openings=microphone._n_tries)
print(json.dumps([thread.name for thread in threading.enumerate()]))
"""


def test_muted_device_is_closed_and_comes_again(virtual_microphone: VirtualMicrophone) -> None:
    """While muted the device is closed; afterwards time has advanced, and nothing counts as lost or recovered."""
    with virtual_microphone.child(_SWITCH) as child:
        assert json.loads(child.line()) == {"state": "online", "trouble": ""}
        virtual_microphone.wait_for_listeners(1)
        child.go_on()
        muted: dict[str, Any] = json.loads(child.line())
        virtual_microphone.wait_for_listeners(0)
        child.go_on()
        again = json.loads(child.line())
        twice = json.loads(child.line())
        assert json.loads(child.line()) == ["MainThread"]
        assert child.exit_status() == 0
    assert (muted["state"], muted["trouble"]) == ("muted", "muted by command or config, the microphone is closed")
    assert (muted["kept"], muted["in_memory"]) == (True, False)
    assert muted["rounds"] >= 3
    assert (again["state"], again["gaps"], again["recoveries"]) == ("online", 1, 0)
    assert again["jump"] > 16_000
    assert again["lost"] < again["jump"] - 16_000  # the muted second does not count as lost
    assert twice["openings"] == 3


def test_muted_from_the_start_is_never_opened(virtual_microphone: VirtualMicrophone) -> None:
    """A microphone muted from the start does not even load PortAudio, which opens each device briefly."""
    script = """
import sys
from edged.audio import driver, microphone as module, mute
from edged.config.structs import Audio
mute.REST_S = 0.1
opened, calls = driver.opened, []
driver.opened = lambda device, channel: calls.append(device) or opened(device, channel)
with module.Microphone(Audio(device="pulse", max_recovery_s=0.3, muted=True)) as microphone:
    while microphone.status.n_tries < 10:
        assert microphone.read(0.05) is None
    print(microphone.status.state, len(calls), "sounddevice" in sys.modules, microphone.status.trouble, flush=True)
    sys.stdin.readline()
    microphone.mute(False)
    while microphone.read(0.05) is None:
        pass
    print(microphone.status.state, len(calls), microphone.status.n_dropped, microphone.status.n_recoveries)
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == "muted 0 False muted by command or config, the microphone is closed"
        virtual_microphone.wait_for_listeners(0)
        child.go_on()
        assert child.line() == "online 1 0 0"
        assert child.exit_status() == 0


def test_muted_microphone_is_closed_at_once(virtual_microphone: VirtualMicrophone) -> None:
    """Closing a muted microphone wakes its waiting reader and leaves no thread."""
    script = """
import threading
from edged.audio import microphone as module, mute
from edged.config.structs import Audio
mute.REST_S = 3600
with module.Microphone(Audio(device="pulse", muted=True)) as microphone:
    while not microphone.status.trouble.endswith("is closed"):
        microphone.read(0.05)
print(microphone.status.state, [thread.name for thread in threading.enumerate()])
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == "offline ['MainThread']"
        assert child.exit_status() == 0


def test_driver_that_does_not_let_go_looks_dead(virtual_microphone: VirtualMicrophone) -> None:
    """A driver that hangs while muted: the trouble is reported, no try is counted, and the capture ends."""
    script = """
import sys
from edged.audio import microphone as module, mute
from edged.config.structs import Audio
from edged.errors import CaptureError
mute.REST_S = 0.1
with module.Microphone(Audio(device="pulse")) as microphone:
    while microphone.read(0.05) is None:
        pass
    module.HUNG_S = 4.0
    print("online", flush=True)
    sys.stdin.readline()
    microphone.mute(True)
    tries = microphone.status.n_tries
    try:
        while True:
            microphone.read(0.05)
            trouble = microphone.status.trouble
    except CaptureError as exc:
        print(microphone.status.state, "|", trouble, "|", exc, "|", microphone.status.n_tries - tries)
"""
    with virtual_microphone.child(script) as child:
        assert child.line() == "online"
        virtual_microphone.freeze()
        child.go_on()
        state, trouble, fault, rounds = child.line().split(" | ")
    assert (state, rounds) == ("muted", "0")
    assert trouble == "muted by command or config, the microphone is not closed yet"
    assert fault == "microphone 'pulse': the driver hangs, it made no progress for 4 s"


def test_mute_between_two_openings_is_not_missed() -> None:
    """A mute before the next opening holds it back until the unmute."""
    mute = Mute(muted=False)
    first = mute.opening()
    assert first is not None
    mute.set(muted=True)
    assert first.is_set()
    mute.set(muted=False)
    second = mute.opening()
    assert second is not None
    assert not second.is_set()


def test_end_lets_no_opening_begin() -> None:
    """After the end nothing is opened, muted or not."""
    for muted in (False, True):
        mute = Mute(muted=muted)
        mute.end()
        assert mute.opening() is None
