"""``edged replay`` of minutes of the sample conversation, by runtime and routing: times real time, and peak memory.

a long and a short recording ──edged replay --jsonl──► CPU time of all threads; their difference is without the start
"""

import tempfile
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from benchmarks.daemon import edged
from benchmarks.result import Outcome
from benchmarks.usage import usage_of
from edged.demo.sample import SAMPLE
from edged.models.interpreter import Runtime, installed_runtimes

_SHORT_S, _LONG_S = 60, 660


class _Replay(NamedTuple):
    """One run of ``edged replay``."""

    busy_s: float  # CPU time of all threads
    resident_mb: float
    speech: float  # of windows


def measured() -> Outcome:
    """Figures of each runtime and routing."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short, long = (_conversation(folder, duration_s) for duration_s in (_SHORT_S, _LONG_S))
        for runtime, routing in product(installed_runtimes(), ("hard", "soft")):
            few, many = (_replay(folder, file, runtime, routing) for file in (short, long))
            speed = (_LONG_S - _SHORT_S) / (many.busy_s - few.busy_s)
            figures[f"{runtime}, {routing}: times real time"] = speed
            figures[f"{runtime}, {routing}: start-up, CPU s"] = few.busy_s - _SHORT_S / speed
            figures[f"{runtime}, {routing}: peak, MB"] = many.resident_mb
            figures["windows with speech, %"] = 100 * many.speech
    return Outcome(figures=figures)


def _conversation(folder: Path, duration_s: int) -> Path:
    """The conversation repeated to this length."""
    samples, rate_hz = soundfile.read(SAMPLE, dtype="int16")
    file = folder / f"{duration_s}.wav"
    soundfile.write(file, np.resize(samples, duration_s * rate_hz), rate_hz)
    return file


def _replay(folder: Path, file: Path, runtime: Runtime, routing: str) -> _Replay:
    config = folder / "config.yaml"
    config.write_text(f"models: {{routing: {routing}}}\nlog_level: error\n", encoding="utf-8")
    command = edged("replay", "--config", str(config), "--jsonl", str(file), runtime=runtime)
    with (folder / "lines").open("w+b") as lines:
        usage = usage_of(command, stdout=lines)
        lines.seek(0)
        windows = [b'"speech":true' in line for line in lines if b'"type":"window"' in line]
    return _Replay(usage.busy_s, usage.peak_mb, sum(windows) / len(windows))
