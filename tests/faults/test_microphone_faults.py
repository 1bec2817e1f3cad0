"""What happens to microphones, caused for real: absent, taken away and given back, frozen, thawed, gone for good."""

import json
from typing import Any

from tests.parts.sound.pulse import VirtualMicrophone, virtual_microphone

__all__ = ["virtual_microphone"]  # pytest finds the fixture by its name here


# A line of JSON for each change of state, and one at the end.  The waits between tries are shortened by the arguments:
# what is tested is what happens, not how long a device that comes and goes is left alone.
_FOLLOW = """
import json, os, sys, threading
from edged.audio import microphone as module
from edged.config.structs import Audio
from edged.errors import CaptureError
module._LONGEST_S, module.HUNG_S = 0.6, 4.0
module._CLOSE_S = 3600.0  # a closing that waits for its deadline does not end before this process is killed
max_recovery_s, until = float(sys.argv[1]), sys.argv[2:]
states, fault, first, heard = [], "", None, 0
with module.Microphone(Audio(device="pulse", max_recovery_s=max_recovery_s, silent_after_s=3600)) as microphone:
    try:
        while states != until:
            chunk, status = microphone.read(0.1), microphone.status
            heard = 0 if status.state != "online" else heard + (0 if chunk is None else len(chunk.samples))
            if status.state == "online" and heard < 8000:
                continue  # what the server kept comes at once, and is ahead of the clock
            if first is None and heard:
                first = microphone._ring.newest
                files = len(os.listdir("/proc/self/fd"))
            if (states or [None])[-1] != status.state and (status.state != "offline" or status.trouble):
                states.append(status.state)
                print(json.dumps([status.state, status.trouble]), flush=True)
        while microphone.read(0.1) is None:
            pass
    except CaptureError as exc:
        fault = str(exc)
    (count, at_s), (first_count, first_at_s) = microphone._ring.newest, first or microphone._ring.newest
    late_s = at_s - first_at_s - (count - first_count) / 16000  # by which the count is behind the clock
    files = len(os.listdir("/proc/self/fd")) - (files if first is not None else 0)
print(json.dumps({
    "fault": fault, "late_s": late_s, "files": files,
    "recoveries": microphone.status.n_recoveries, "gaps": microphone.status.n_gaps, "lost": microphone.status.n_dropped,
    "threads": [thread.name for thread in threading.enumerate()],
}))
"""


def test_taken_away_and_given_back(virtual_microphone: VirtualMicrophone) -> None:
    """Ten times the sound server ends and comes again: sound each time, the clock right, nothing left over."""
    states = ["online", *["offline", "online"] * 10]
    with virtual_microphone.child(_FOLLOW, "60", *states) as child:
        for time in range(10):
            assert json.loads(child.line()) == ["online", ""]
            virtual_microphone.kill()
            state, trouble = json.loads(child.line())
            assert state == "offline"
            assert trouble.startswith("microphone 'pulse': reading failed ("), time
            virtual_microphone.start()
        assert json.loads(child.line()) == ["online", ""]
        found: dict[str, Any] = json.loads(child.line())
        assert child.exit_status(10) == 0
    assert found["fault"] == ""
    assert (found["recoveries"], found["gaps"]) == (10, 10)
    assert found["lost"] > 10 * 16_000 / 4
    assert abs(found["late_s"]) < 0.5
    assert found["files"] <= 4
    assert found["threads"] == ["MainThread"]


def test_absent_at_the_start(virtual_microphone: VirtualMicrophone) -> None:
    """A device that is not there is waited for, however short a lost one is, and its count begins when it comes."""
    virtual_microphone.kill()
    with virtual_microphone.child(_FOLLOW, "0.5", "offline", "online") as child:
        assert json.loads(child.line()) == [
            "offline",
            "microphone 'pulse': not found; there is no microphone at all",
        ]
        virtual_microphone.start()
        assert json.loads(child.line()) == ["online", ""]
        found = json.loads(child.line())
    assert found["fault"] == ""
    assert (found["recoveries"], found["gaps"], found["lost"]) == (0, 0, 0)
    assert abs(found["late_s"]) < 0.5


def test_gone_for_too_long(virtual_microphone: VirtualMicrophone) -> None:
    """A lost device that stays away ends the capture, so that a fresh process begins."""
    with virtual_microphone.child(_FOLLOW, "2", "never") as child:
        assert json.loads(child.line())[0] == "online"
        virtual_microphone.kill()
        assert json.loads(child.line())[0] == "offline"
        found = json.loads(child.line())
        assert child.exit_status(10) == 0
    assert found["fault"] == "microphone 'pulse': not found; there is no microphone at all; no sound for 2 s"
    assert found["threads"] == ["MainThread"]


def test_frozen_for_good(virtual_microphone: VirtualMicrophone) -> None:
    """A driver that hangs: stalled after two seconds, given up later, closed at once, and the program can end."""
    with virtual_microphone.child(_FOLLOW, "60", "never") as child:
        assert json.loads(child.line())[0] == "online"
        virtual_microphone.freeze()
        assert json.loads(child.line()) == ["stalled", "microphone 'pulse': no sample for 2 s"]
        found = json.loads(child.line())
        assert child.exit_status(10) == 0
    assert found["fault"] == "microphone 'pulse': the driver hangs, it got nothing done for 4 s"


def test_frozen_before_the_start(virtual_microphone: VirtualMicrophone) -> None:
    """Where already the loading of PortAudio hangs, that is said and the program can end."""
    virtual_microphone.freeze()
    with virtual_microphone.child(_FOLLOW, "60", "never") as child:
        found = json.loads(child.line())
        assert child.exit_status(10) == 0
    assert found["fault"] == "microphone 'pulse': the driver hangs, it got nothing done for 4 s"


def test_frozen_and_thawed(virtual_microphone: VirtualMicrophone) -> None:
    """A driver that works again goes on, with the time that it stood still in the count."""
    states = ["online", "stalled", "offline", "online"]
    with virtual_microphone.child(_FOLLOW, "60", *states) as child:
        assert json.loads(child.line())[0] == "online"
        virtual_microphone.freeze()
        assert json.loads(child.line())[0] == "stalled"
        virtual_microphone.thaw()
        assert [json.loads(child.line())[0] for _ in range(2)] == states[2:]
        found = json.loads(child.line())
        assert child.exit_status(10) == 0
    assert (found["recoveries"], found["gaps"]) == (1, 1)
    assert found["lost"] > 2 * 16_000
    assert abs(found["late_s"]) < 0.5
