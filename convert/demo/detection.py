"""The conversation to the emotions that the device detects: the whole pipeline with its defaults, and small changes.

    samples ──Condition: shifted, louder, noisier──► file ──Recording, Daemon──► episodes ──► Outcome a turn

A sample whose emotions are barely detected would fail with the next change of the front end.  Each condition is a
change that nobody notices; a turn must be detected as it is meant under all of them.
"""

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from convert.data import recordings
from convert.demo.speech import RATE_HZ, Reals
from edged.cli.sensor.json_lines import Lines
from edged.cli.sensor.replay import adaptation_from, play
from edged.config.structs import Audio, Baseline, Config
from edged.contract.payloads import EpisodeEnd
from edged.contract.topics import Topic
from edged.demo.sample import NONE, Episode, Turn, shares
from edged.models.bundle import Bundle

_SEED = 7


class Condition(NamedTuple):
    """A change that must not change what is detected."""

    name: str
    shift_s: float = 0.0
    gain_db: float = 0.0
    noise_dbfs: float | None = None
    config: Config = Config()


CONDITIONS = (
    Condition("as it is"),
    Condition("100 ms later", shift_s=0.1),
    Condition("250 ms later", shift_s=0.25),
    Condition("6 dB softer", gain_db=-6),
    Condition("3 dB louder", gain_db=3),
    Condition("noise at -65 dBFS", noise_dbfs=-65),
    Condition("no high-pass, hum kept", config=Config(audio=Audio(highpass_hz=0, remove_hum=False))),
    Condition("no adaptation", config=Config(baseline=Baseline(mode="off"))),
)


class Outcome(NamedTuple):
    """The emotion detected in one turn."""

    detected: str
    lead: float  # share of the turn that the meant emotion covers, less that of the next one; negative is a miss


def outcomes(bundle: Bundle, samples: Reals, turns: Sequence[Turn], condition: Condition) -> list[Outcome]:
    """One outcome a turn of ``samples`` (n,) at 16 kHz under ``condition``."""
    changed = np.pad(samples * 10 ** (condition.gain_db / 20), (round(condition.shift_s * RATE_HZ), 0))
    if condition.noise_dbfs is not None:
        noise = np.random.default_rng(_SEED).standard_normal(len(changed))
        changed = changed + noise * 10 ** (condition.noise_dbfs / 20)
    found = episodes(bundle, condition.config, changed)
    moved = [Episode(e.label, e.start_s - condition.shift_s, e.end_s - condition.shift_s) for e in found]
    return [_outcome(turn, shares(turn, moved)) for turn in turns]


def _outcome(turn: Turn, covered: dict[str, float]) -> Outcome:
    others = max((share for label, share in covered.items() if label != turn.meant), default=0.0)
    return Outcome(max(covered, key=covered.__getitem__, default=NONE), covered.get(turn.meant, 0.0) - others)


def episodes(bundle: Bundle, config: Config, samples: Reals) -> list[Episode]:
    """All episodes that the device publishes of ``samples`` (n,), beginning with a fresh adaptation state."""
    sink = _Episodes()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sample.wav"
        recordings.write(file, np.asarray(np.clip(samples, -1, 1), np.float32))
        play(config, bundle, file, None, sink, threading.Event(), adaptation_from("fresh", config, bundle))
    return sink.episodes


class _Episodes(Lines):
    """A sink that keeps the episodes."""

    def __init__(self) -> None:
        self.episodes: list[Episode] = []

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Keeps ends only: each says when its episode began."""
        del topic, captured_s
        if isinstance(payload, EpisodeEnd):
            end_s = payload.start_s + payload.duration_s
            self.episodes.append(Episode(payload.event_type, payload.start_s, end_s))
