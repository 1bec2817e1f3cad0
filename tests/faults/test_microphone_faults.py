"""Real microphone faults: absent, unplugged and plugged back in, frozen, thawed, gone for good."""

import json
from typing import Any

from tests.parts.sound.pulse import VirtualMicrophone, virtual_microphone

__all__ = ["virtual_microphone"]  # pytest finds the fixture by its name here


_SHORT, _PATIENT = "4", "60"  # seconds after which a driver hangs; a loaded machine may take some to open a device

# Prints a line of JSON for each change of state, and one at the end.  Arguments shorten the waits between tries: the
# tests check the sequence, not the timing.
_FOLLOW = """
import json, os, sys, threading
from edged.audio import microphone as module
from edged.config.structs import Audio
from edged.errors import CaptureError
module._MAX_WAIT_S, module.HUNG_S = 0.6, float(sys.argv[2])
module._CLOSE_S = 3600.0  # a closing that waits for its deadline does not end before this process is killed
max_recovery_s, until = float(sys.argv[1]), sys.argv[3:]
states, fault, first, n_online = [], "", None, 0
with module.Microphone(Audio(device="pulse", max_recovery_s=max_recovery_s, silent_after_s=3600)) as microphone:
    try:
        while states != until:
            chunk, status = microphone.read(0.1), microphone.status
            n_online = 0 if status.state != "online" else n_online + (0 if chunk is None else len(chunk.samples))
            if status.state == "online" and n_online < 8000:
                continue  # what the server kept comes at once, and is ahead of the clock
            if first is None and n_online:
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


def assert_right_count(result: dict[str, Any]) -> None:
    """The samples lost are counted as the clock has it, up to a quarter: a loaded machine delivers a block late."""
    assert abs(result["late_s"]) < result["lost"] / 16_000 / 4, result


def test_taken_away_and_given_back(virtual_microphone: VirtualMicrophone) -> None:
    """The sound server restarts ten times: sound returns each time with the right clock, and nothing leaks."""
    states = ["online", *["offline", "online"] * 10]
    with virtual_microphone.child(_FOLLOW, "60", _PATIENT, *states) as child:
        for time in range(10):
            assert json.loads(child.line()) == ["online", ""]
            virtual_microphone.kill()
            state, trouble = json.loads(child.line())
            assert state == "offline"
            assert trouble.startswith("microphone 'pulse': reading failed ("), time
            virtual_microphone.start()
        assert json.loads(child.line()) == ["online", ""]
        result: dict[str, Any] = json.loads(child.line())
        assert child.exit_status() == 0
    assert result["fault"] == ""
    assert (result["recoveries"], result["gaps"]) == (10, 10)
    assert result["lost"] > 10 * 16_000 / 4
    assert_right_count(result)
    assert result["files"] <= 4
    assert result["threads"] == ["MainThread"]


def test_absent_at_the_start(virtual_microphone: VirtualMicrophone) -> None:
    """A missing device is waited for without limit, and its sample count starts when it appears."""
    virtual_microphone.kill()
    with virtual_microphone.child(_FOLLOW, "0.5", _PATIENT, "offline", "online") as child:
        assert json.loads(child.line()) == [
            "offline",
            "microphone 'pulse': not found; there is no microphone at all",
        ]
        virtual_microphone.start()
        assert json.loads(child.line()) == ["online", ""]
        result = json.loads(child.line())
    assert result["fault"] == ""
    assert (result["recoveries"], result["gaps"], result["lost"]) == (0, 0, 0)


def test_gone_for_too_long(virtual_microphone: VirtualMicrophone) -> None:
    """A device that stays away for too long ends the capture, so that systemd restarts the daemon."""
    with virtual_microphone.child(_FOLLOW, "2", _PATIENT, "never") as child:
        assert json.loads(child.line())[0] == "online"
        virtual_microphone.kill()
        assert json.loads(child.line())[0] == "offline"
        result = json.loads(child.line())
        assert child.exit_status() == 0
    assert result["fault"] == "microphone 'pulse': not found; there is no microphone at all; no sound for 2 s"
    assert result["threads"] == ["MainThread"]


def test_frozen_for_good(virtual_microphone: VirtualMicrophone) -> None:
    """A hung driver: stalled after two seconds, given up later; closing is immediate, and the program can end."""
    with virtual_microphone.child(_FOLLOW, "60", _SHORT, "never") as child:
        assert json.loads(child.line())[0] == "online"
        virtual_microphone.freeze()
        assert json.loads(child.line()) == ["stalled", "microphone 'pulse': no sample for 2 s"]
        result = json.loads(child.line())
        assert child.exit_status() == 0
    assert result["fault"] == "microphone 'pulse': the driver hangs, it made no progress for 4 s"


def test_frozen_before_the_start(virtual_microphone: VirtualMicrophone) -> None:
    """PortAudio hangs while it loads: the trouble is reported, and the program can end."""
    virtual_microphone.freeze()
    with virtual_microphone.child(_FOLLOW, "60", _SHORT, "never") as child:
        result = json.loads(child.line())
        assert child.exit_status() == 0
    assert result["fault"] == "microphone 'pulse': the driver hangs, it made no progress for 4 s"


def test_frozen_and_thawed(virtual_microphone: VirtualMicrophone) -> None:
    """A thawed driver continues, and its sample count includes the time it was frozen."""
    states = ["online", "stalled", "offline", "online"]
    with virtual_microphone.child(_FOLLOW, "60", _PATIENT, *states) as child:
        assert json.loads(child.line())[0] == "online"
        virtual_microphone.freeze()
        assert json.loads(child.line())[0] == "stalled"
        virtual_microphone.thaw()
        assert [json.loads(child.line())[0] for _ in range(2)] == states[2:]
        result = json.loads(child.line())
        assert child.exit_status() == 0
    assert (result["recoveries"], result["gaps"]) == (1, 1)
    assert result["lost"] > 2 * 16_000
    assert_right_count(result)
