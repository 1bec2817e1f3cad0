"""The shipped bundle detects the intended emotions in the shipped sample, through the whole pipeline.

A new bundle that fails here needs a new sample: ``make sample``.
"""

import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.cli.sensor.replay import adaptation_from, play
from edged.config.structs import Config
from edged.contract.payloads import EpisodeEnd
from edged.contract.topics import EVENT_END
from edged.demo.sample import SAMPLE, Episode, detected, load_turns
from edged.demo.verdict import MIN_EMOTIONS
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.fakes import RecordingSink


@pytest.mark.parametrize("adaptation", ["fresh", "none"])
@pytest.mark.parametrize(("shift_s", "gain_db"), [(0, 0), (0.1, 0), (0, -6), (0, 3)])
def test_shipped_bundle_detects_the_intended_emotions(
    tmp_path: Path, shift_s: float, gain_db: float, adaptation: str
) -> None:
    """At least four emotions are detected, also shifted, softer, louder, and without adaptation."""
    sound, rate_hz = soundfile.read(SAMPLE, dtype="float64")
    changed = np.pad(sound * 10 ** (gain_db / 20), (round(shift_s * rate_hz), 0))
    file = tmp_path / "sample.flac"
    soundfile.write(file, np.clip(changed, -1, 1), rate_hz)
    config, bundle, sink = Config(), load_bundle(DEFAULT_BUNDLE), RecordingSink()
    play(config, bundle, file, None, sink, threading.Event(), adaptation_from(adaptation, config, bundle))
    ends = [end for end in sink.of(EVENT_END) if isinstance(end, EpisodeEnd)]
    episodes = [Episode(e.event_type, e.start_s - shift_s, e.start_s + e.duration_s - shift_s) for e in ends]
    pairs = [(turn.meant, detected(turn, episodes)) for turn in load_turns()]
    assert len({meant for meant, label in pairs if label == meant}) >= MIN_EMOTIONS, pairs
