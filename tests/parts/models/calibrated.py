"""Sentences and pauses as windows, and a calibration that got them.

spans of (seconds, dBFS) ──► levels of frames ──windows──► Calibration ──outcome──► the adaptation of a store
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edged.config.load import parse_config
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Window
from edged.models.bundle import load_bundle
from edged.models.cascade import Answer
from edged.models.place_adaptation import PlaceAdaptation
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.calibration import Calibration
from tests.parts.models.bundles import manifest, write_bundle, write_statistics

LABELS = ("calm", "tense", "loud", "flat")
STRIDE = 31  # frames
HOP = GEOMETRY.hop
FEATURES = np.full(64, -20, np.float32)
FLOOR_DBFS = -60.0


class FakeCascade:
    """Scores that depend on the shift of the first feature: the further, the less tense."""

    labels = LABELS

    @staticmethod
    def features(seen: object) -> Floats:
        """What was seen, itself."""
        return np.asarray(seen, np.float32)

    @staticmethod
    def answer(_seen: object, shift: Floats | None = None) -> Answer:
        """Half tense without a shift."""
        tense = 0.5 if shift is None or not shift.any() else 0.25
        return Answer("tense", np.array([0.2, tense, 0.1, 0.7 - tense], np.float32), ("all",))


def windows(levels: Floats, first: int = 0) -> Iterator[Window]:
    """The windows over frames of these ``levels`` (n,) dBFS, as the front end cuts them; ``first`` is their frame."""
    size = GEOMETRY.n_frames
    for at in range(0, len(levels) - size + 1, STRIDE):
        start = (first + at) * HOP
        yield Window(
            start=start,
            end=start + (size - 1) * HOP,
            image=np.zeros((size, GEOMETRY.n_bands), np.int8),
            level_dbfs=-30,
            speech_dbfs=np.asarray(levels[at : at + size], np.float32),
            discontinuous=at == 0,
        )


def sound(*spans: tuple[float, float]) -> Floats:
    """Levels (n,) of spans of (seconds, dBFS)."""
    return np.concatenate([np.full(round(seconds / GEOMETRY.hop_s), dbfs) for seconds, dbfs in spans])


def sentences(count: int, speech_s: float = 2.0, dbfs: float = -30.0) -> Floats:
    """Sentences with a second of pause before each and after the last."""
    spans = [(1.0, FLOOR_DBFS), (speech_s, dbfs)] * count
    return sound(*spans, (1.0, FLOOR_DBFS))


def collected(levels: Floats, *, first: int = 0, speech: bool = True, **limits: float) -> Calibration:
    """A calibration that got all windows of ``levels``, or those until it was done."""
    calibration = Calibration(**limits)
    for window in windows(levels, first):
        if calibration.done:
            break
        calibration.add(window, FEATURES if speech and window.speech_dbfs.max() > -50 else None)
    return calibration


@pytest.fixture
def store(tmp_path: Path) -> AdaptationStore:
    """The adaptation of a bundle that adapts the levels of bands, with its file."""
    changed = manifest()
    changed["adaptation"] = write_statistics(tmp_path / "bundle", centre=np.full(64, -30))
    changed["moods"] = {
        "hard": {label: [-0.5 if other == label else -2.5 for other in LABELS] for label in LABELS},
    }
    bundle = load_bundle(write_bundle(tmp_path / "bundle", changed))
    known = AdaptationStore(parse_config("", "test"), bundle, tmp_path / "baseline.json")
    known.select_microphone("usb")
    return known


def adaptation(store: AdaptationStore) -> PlaceAdaptation:
    """That of ``store``, which must exist."""
    assert store.adaptation is not None
    return store.adaptation
