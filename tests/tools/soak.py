"""Soak test: a week of sound at full speed in one process, to find growing memory and open files.

    python -m tests.tools.soak [HOURS]        (or: make soak, SOAK_HOURS=168)

    demo conversation repeated, a gap each hour ──► Daemon ──► Publisher, outbox on disk ──► a real mosquitto

It prints a hundred snapshots.  At the end it fits a straight line through the later half, when caches are full, and
exits with status 1 if one of the values grows.
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
from edged.contract.health import Health
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
_SNAPSHOTS = 100
_WEEK_H = 168.0


class Snapshot(NamedTuple):
    """Resources of the process at one time."""

    sound_h: float
    resident_mb: float
    n_files: int
    n_threads: int


class Endless(FakeSource):
    """``hours`` of the same sound repeated, ten seconds of each hour lost; takes a hundred snapshots on the way."""

    def __init__(self, sound: Floats, hours: float) -> None:
        super().__init__([])
        self.snapshots: list[Snapshot] = []
        self._sound, self._end = sound, round(hours * _HOUR)
        self._at, self._next_gap = 0, _HOUR
        self._began_s = time.monotonic()

    def read(self, timeout_s: float) -> AudioChunk | None:
        """The next four seconds, without waiting."""
        del timeout_s
        if self._at * _SNAPSHOTS >= self._end * len(self.snapshots):
            speed = self._at / GEOMETRY.sample_rate_hz / (time.monotonic() - self._began_s)
            self.snapshots.append(snapshot(self._at / _HOUR))
            print(f"{self.snapshots[-1]} {speed:.0f} times real time", flush=True)
        if self._at >= self._end:
            self.change(ended=True)
            return None
        if self._at >= self._next_gap:
            self.change(n_gaps=self.status.n_gaps + 1)
            self._at, self._next_gap = self._at + _GAP, self._next_gap + _HOUR
        start, self._at = self._at, self._at + _READ
        return AudioChunk(self._sound[np.arange(start, self._at) % len(self._sound)], start, time.time())


def snapshot(sound_h: float) -> Snapshot:
    """Snapshot of this process."""
    files = len(list(Path("/proc/self/fd").iterdir()))
    return Snapshot(round(sound_h, 2), round(resident_mb(), 1), files, threading.active_count())


def growth(snapshots: list[Snapshot], name: str) -> tuple[float, float]:
    """Growth of the value ``name`` from the middle to the end by linear regression, and its uncertainty."""
    later = snapshots[len(snapshots) // 2 :]
    hours = np.array([one.sound_h for one in later])
    values = np.array([getattr(one, name) for one in later], np.float64)
    centred = hours - hours.mean()
    slope = float(centred @ values / (centred @ centred))
    rest = values - values.mean() - slope * centred
    error = float(np.sqrt(rest @ rest / max(1, len(later) - 2) / (centred @ centred)))
    span_h = float(hours[-1] - hours[0])
    return slope * span_h, error * span_h


def flat(snapshots: list[Snapshot]) -> bool:
    """Whether memory, files and threads grow by less than 1 % or their own noise."""
    verdict = True
    for name in ("resident_mb", "n_files", "n_threads"):
        grown, error = growth(snapshots, name)
        last = getattr(snapshots[-1], name)
        grows = grown > max(3 * error, 0.01 * last)
        verdict &= not grows
        word = "GROWS" if grows else "flat"
        print(f"{name:<12} {last:>8} at the end, {grown:+.2f} ± {error:.2f} in the later half: {word}")
    return verdict


def main(hours: float) -> int:
    """Print the snapshots; 0 if all of them are flat."""
    program = shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    assert program, "mosquitto is missing: apt-get install mosquitto"
    sound, rate_hz = soundfile.read(SAMPLE, dtype="float32")
    assert rate_hz == GEOMETRY.sample_rate_hz
    with tempfile.TemporaryDirectory() as name, Mosquitto(Path(name), program) as broker:
        broker.start()
        source = Endless(sound, hours)
        reports = soaked(source, broker.mqtt, Path(name))
    print(f"{reports.windows} windows, {reports.windows_speech} with speech, {source.status.n_gaps} gaps")
    return 0 if flat(source.snapshots) else 1


def soaked(source: Endless, mqtt: Mqtt, folder: Path) -> Health:
    """Run the daemon to the end of the source; returns its last health metrics."""
    config: Config = parse_config(f"{{node: soak, state_dir: {folder}, log_level: warning, health_s: 5}}", "soak")
    reports: list[Health] = []

    def newest(health: Health) -> None:
        reports[:] = [health]

    with Publisher(mqtt, "soak", outbox_for(config)) as publisher:
        Daemon(config, load_bundle(DEFAULT_BUNDLE), source, publisher, on_health=newest).run(threading.Event())
    return reports[0]


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else _WEEK_H))
