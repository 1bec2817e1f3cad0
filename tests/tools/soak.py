"""A week of sound at maximum speed in one process: does its memory grow, do files stay open?

    python -m tests.tools.soak [HOURS]        (or: make soak, SOAK_HOURS=168)

    the demo's conversation over and over, a gap each hour ──► Daemon ──► Publisher, outbox on disk ──► a real mosquitto

Figures are printed a hundred times; at the end a straight line is laid through those of the later half, when caches
are full, and the status is 1 where one of them grows.
"""

import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from edged.audio.ring import AudioChunk
from edged.config.load import parse_config
from edged.config.structs import Config, Mqtt
from edged.contract.payloads import Health
from edged.demo.sample import SAMPLE
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.host.metrics import resident_mb
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.mqtt.publisher import Publisher
from edged.outbox.outbox import outbox_for
from edged.pipeline.daemon import Daemon
from tests.parts.broker.mosquitto import Mosquitto
from tests.parts.fakes import FakeSource

_HOUR = 3600 * GEOMETRY.sample_rate_hz  # samples
_READ = 4 * GEOMETRY.sample_rate_hz
_GAP = 10 * GEOMETRY.sample_rate_hz
_LOOKS = 100
_WEEK_H = 168.0


class Look(NamedTuple):
    """Figures at one time."""

    sound_h: float
    resident_mb: float
    n_files: int
    n_threads: int


class Endless(FakeSource):
    """``hours`` of the same sound over and over, ten seconds of each hour lost; with a hundred looks on the way."""

    def __init__(self, sound: Floats, hours: float) -> None:
        super().__init__([])
        self.looks: list[Look] = []
        self._sound, self._end = sound, round(hours * _HOUR)
        self._at, self._next_gap = 0, _HOUR
        self._began_s = time.monotonic()

    def read(self, timeout_s: float) -> AudioChunk | None:
        """Four seconds more, as soon as they are wanted."""
        del timeout_s
        if self._at * _LOOKS >= self._end * len(self.looks):
            speed = self._at / GEOMETRY.sample_rate_hz / (time.monotonic() - self._began_s)
            self.looks.append(look(self._at / _HOUR))
            print(f"{self.looks[-1]} {speed:.0f} times real time", flush=True)
        if self._at >= self._end:
            self.change(ended=True)
            return None
        if self._at >= self._next_gap:
            self.change(n_gaps=self.status.n_gaps + 1)
            self._at, self._next_gap = self._at + _GAP, self._next_gap + _HOUR
        start, self._at = self._at, self._at + _READ
        return AudioChunk(self._sound[np.arange(start, self._at) % len(self._sound)], start, time.time())


def look(sound_h: float) -> Look:
    """This process now."""
    files = len(list(Path("/proc/self/fd").iterdir()))
    return Look(round(sound_h, 2), round(resident_mb(), 1), files, threading.active_count())


def growth(looks: list[Look], name: str) -> tuple[float, float]:
    """How much the figure ``name`` grows from the middle to the end by a straight line, and the line's uncertainty."""
    later = looks[len(looks) // 2 :]
    hours = np.array([found.sound_h for found in later])
    values = np.array([getattr(found, name) for found in later], np.float64)
    centred = hours - hours.mean()
    slope = float(centred @ values / (centred @ centred))
    rest = values - values.mean() - slope * centred
    error = float(np.sqrt(rest @ rest / max(1, len(later) - 2) / (centred @ centred)))
    span_h = float(hours[-1] - hours[0])
    return slope * span_h, error * span_h


def flat(looks: list[Look]) -> bool:
    """Whether neither memory nor files nor threads grow: by less than 1 %, or than their own noise."""
    verdict = True
    for name in ("resident_mb", "n_files", "n_threads"):
        grown, error = growth(looks, name)
        last = getattr(looks[-1], name)
        grows = grown > max(3 * error, 0.01 * last)
        verdict &= not grows
        word = "GROWS" if grows else "flat"
        print(f"{name:<12} {last:>8} at the end, {grown:+.2f} ± {error:.2f} in the later half: {word}")
    return verdict


def main(hours: float) -> int:
    """Prints the figures; 0 where all of them are flat."""
    program = shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    assert program, "mosquitto is missing: apt-get install mosquitto"
    sound, rate_hz = soundfile.read(SAMPLE, dtype="float32")
    assert rate_hz == GEOMETRY.sample_rate_hz
    with tempfile.TemporaryDirectory() as name, Mosquitto(Path(name), program) as broker:
        broker.start()
        source = Endless(sound, hours)
        figures = soaked(source, broker.mqtt, Path(name))
    print(f"{figures.windows} windows, {figures.windows_speech} with speech, {source.status.n_gaps} gaps")
    return 0 if flat(source.looks) else 1


def soaked(source: Endless, mqtt: Mqtt, folder: Path) -> Health:
    """Runs the daemon to the source's end; the last figures that it published."""
    config: Config = parse_config(f"{{node: soak, state_dir: {folder}, log_level: warning, health_s: 5}}", "soak")
    figures: list[Health] = []

    def newest(health: Health) -> None:
        figures[:] = [health]

    with Publisher(mqtt, "soak", outbox_for(config)) as publisher:
        Daemon(config, load_bundle(DEFAULT_BUNDLE), source, publisher, on_health=newest).run(threading.Event())
    return figures[0]


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else _WEEK_H))
