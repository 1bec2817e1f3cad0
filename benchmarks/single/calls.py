"""Speed and size of ``edged calls``.

an hour of a stereo call, 8 kHz mu-law ──edged calls, one process, each bundle──► CPU time, peak memory
the same with both voices on one channel ──edged calls --voice──► CPU time, peak memory
ten minutes of it ──decoding and filters; log-mel of both channels; all──► shares

A call of an hour is a made-up one, over and over.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
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
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stereo, mono = _recording(folder, _HOUR_S), _recording(folder, _HOUR_S, n_channels=1)
        for words, file, bundle, options in (
            ("", stereo, "large", ["--customer", "left"]),
            ("small bundle: ", stereo, "small", ["--customer", "left"]),
            ("two voices on one channel: ", mono, "large", ["--voice", "2"]),
        ):
            usage = usage_of(_command(file, folder / "out", bundle, options))
            figures |= {f"{words}CPU s of an hour": usage.busy_s, f"{words}peak, MB": usage.peak_mb}
        return Outcome(figures=figures | _shares(folder))


def _command(file: Path, out: Path, bundle: str, options: Sequence[str]) -> list[str]:
    """``edged calls`` with ``options`` on ``file``."""
    config = file.with_name(f"{bundle}.yaml")
    config.write_text(f"calls: {{bundle: {bundle}}}\n", encoding="utf-8")
    command = ["calls", "--config", str(config), *options, "--jobs", "1", "--out", str(out / bundle), str(file)]
    return [sys.executable, "-m", "edged", *command]


def _shares(folder: Path) -> dict[str, float]:
    settings = CallSettings(config=Config(), bundle=load_bundle(BUNDLES / "large"), customer="left")
    file = _recording(folder, _SHARES_S)
    at_s = [time.process_time()]
    with Parties(file, settings) as parties:
        sounds = list(parties.sound())
    at_s.append(time.process_time())
    for side in ("customer", "agent"):
        windows = Windows(GEOMETRY, _STRIDE, at_once=GEOMETRY.n_frames)
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


def _recording(folder: Path, duration_s: int, n_channels: int = 2) -> Path:
    file = folder / f"call-{n_channels}-{duration_s}.wav"
    sides = call(CALMS)[::2]
    rounds = -(-duration_s * RATE_HZ // 2 // len(sides))
    samples = np.ascontiguousarray(sides if n_channels > 1 else sides.sum(axis=1))
    with soundfile.SoundFile(file, "w", RATE_HZ // 2, n_channels, subtype="ULAW") as sound:
        for _ in range(rounds):
            sound.write(samples)
    return file
