"""Speed and size of ``edged calls``.

an hour of a stereo call, 8 kHz mu-law ──edged calls, one process──► CPU time, peak memory
ten minutes of it ──decoding and filters; log-mel of both channels; all──► shares

A call of an hour is a made-up one, over and over.
"""

import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.result import Outcome
from benchmarks.usage import usage_of
from edged.calls.analysis import analyse
from edged.calls.settings import CallSettings
from edged.calls.sound.parties import Parties
from edged.config.structs import Config
from edged.features.geometry import GEOMETRY
from edged.features.windows import Windows
from edged.models.bundle import BUNDLES, load_bundle
from tests.parts.calls.composed import CALMS, RATE_HZ, call

_HOUR_S, _SHARES_S = 3600, 600
_STRIDE = 94 * GEOMETRY.hop  # 1.504 s


def measured() -> Outcome:
    """CPU time and memory of an hour's call, and the shares of its parts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        usage = usage_of(_command(folder, _HOUR_S))
        shares = _shares(folder)
    return Outcome(figures={"CPU s of an hour in stereo": usage.busy_s, "peak, MB": usage.peak_mb} | shares)


def _command(folder: Path, duration_s: int) -> list[str]:
    """``edged calls`` on a call of this length."""
    file = _recording(folder, duration_s)
    options = ["--customer", "left", "--jobs", "1", "--out", str(folder / f"out-{duration_s}")]
    return [sys.executable, "-m", "edged", "calls", *options, str(file)]


def _shares(folder: Path) -> dict[str, float]:
    settings = CallSettings(config=Config(), bundle=load_bundle(BUNDLES / "large"), customer="left")
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
    return {
        "decoding and filters, % of the time": 100 * decoding / whole,
        "features, %": 100 * features / whole,
        "models and the rest, %": 100 * (whole - decoding - features) / whole,
    }


def _recording(folder: Path, duration_s: int) -> Path:
    file = folder / f"call-{duration_s}.wav"
    sides = call(CALMS)
    rounds = -(-duration_s * RATE_HZ // len(sides))
    with soundfile.SoundFile(file, "w", RATE_HZ // 2, 2, subtype="ULAW") as sound:
        for _ in range(rounds):
            sound.write(np.ascontiguousarray(sides[::2]))
    return file
