"""Speed and size of `edged calls`, printed for people beside those of the daemon.

an hour of a stereo call, 8 kHz mu-law ──edged calls, one process──► CPU time, peak memory
ten minutes of it ──decoding and filters; log-mel of both channels; all──► shares
"""

import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from edged.calls.analysis import analyse
from edged.calls.settings import CallSettings
from edged.calls.sound.parties import Parties
from edged.config.structs import Config
from edged.features.geometry import GEOMETRY
from edged.features.windows import Windows
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.calls.composed import CALMS, RATE_HZ, call

_HOUR_S, _SHARES_S = 3600, 600
_STRIDE = 94 * GEOMETRY.hop  # 1.504 s


def calls_line(folder: Path) -> str:
    """One line about an hour's call."""
    hour = _recording(folder, _HOUR_S)
    command = [
        sys.executable,
        "-m",
        "edged",
        "calls",
        "--customer",
        "left",
        "--jobs",
        "1",
        "--out",
        str(folder / "out"),
    ]
    running = subprocess.Popen([*command, str(hour)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        return f"edged calls: ended with {running.returncode}"
    busy_s, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    return f"edged calls, an hour in stereo: {busy_s:.1f} s of CPU, peak {megabytes:.1f} MB; {_shares(folder)}"


def _shares(folder: Path) -> str:
    settings = CallSettings(config=Config(), bundle=load_bundle(DEFAULT_BUNDLE), customer="left")
    file = _recording(folder, _SHARES_S)
    at_s = [time.process_time()]
    with Parties(file, settings) as parties:
        sounds = list(parties.sound())
    at_s.append(time.process_time())
    for side in ("customer", "agent"):
        windows = Windows(GEOMETRY, _STRIDE)
        for sound in sounds:
            for _ in windows.push(getattr(sound, side), sound.start):
                pass
    at_s.append(time.process_time())
    analyse(file, settings)
    at_s.append(time.process_time())
    decoding, features, whole = (later - before for before, later in pairwise(at_s))
    shares = {
        "decoding and filters": decoding,
        "features": features,
        "models and the rest": whole - decoding - features,
    }
    return ", ".join(f"{name} {share / whole:.0%}" for name, share in shares.items())


def _recording(folder: Path, duration_s: int) -> Path:
    file = folder / f"call-{duration_s}.wav"
    sides = call(CALMS)
    rounds = -(-duration_s * RATE_HZ // len(sides))
    with soundfile.SoundFile(file, "w", RATE_HZ // 2, 2, subtype="ULAW") as sound:
        for _ in range(rounds):
            sound.write(np.ascontiguousarray(sides[::2]))
    return file
