"""A place's adaptation on a bundle with other labels than the shipped one, after it learned from tense windows.

bundle_in(folder) ──► Bundle ──AdaptationStore──after_learning──► 120 s of speech, saved or not
"""

from pathlib import Path

import numpy as np
import pytest

from edged.config.load import parse_config
from edged.config.structs import Config
from edged.models.bundle import Bundle, load_bundle
from edged.pipeline.adaptation_store import AdaptationStore
from tests.parts.models.bundles import manifest, write_bundle, write_statistics

LABELS = ("calm", "tense", "loud", "flat")
TILTED = np.array([0.1, 0.6, 0.2, 0.1], np.float32)


def bundle_in(folder: Path, *, adapts: bool = True, features: bool = False) -> Bundle:
    """A bundle with other labels than the shipped one, with or without what adapts scores and features."""
    changed = manifest()
    table = {label: [-0.5 if other == label else -2.5 for other in LABELS] for label in LABELS}
    if adapts:
        changed["moods"] = {"hard": table}
    if features:
        changed["adaptation"] = write_statistics(folder, centre=np.full(64, -30))
    return load_bundle(write_bundle(folder, changed))


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A bundle that supports adaptation."""
    return bundle_in(tmp_path / "bundle")


def config(text: str = "") -> Config:
    """The config from a file with this text."""
    return parse_config(text, "test")


def after_learning(store: AdaptationStore, microphone: str = "usb", n_windows: int = 40) -> AdaptationStore:
    """The store after learning from tense windows."""
    store.select_microphone(microphone)
    assert store.adaptation is not None
    for _ in range(n_windows):
        if store.adaptation.scores is not None:
            store.adaptation.scores.learn(TILTED, 3.0)
        if store.adaptation.features is not None:
            store.adaptation.features.learn(np.full(64, -20, np.float32), TILTED, 3.0)
    return store


def speech_s(store: AdaptationStore) -> float:
    """Speech time of the adaptation, which must exist."""
    assert store.adaptation is not None
    return store.adaptation.speech_s
