"""One classification per recording: from its onset, in chunks of any size, with a reason if there is none."""

from pathlib import Path

import numpy as np
import pytest

from edged.config.load import parse_config
from edged.features.logmel import Floats
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.pipeline.clip import ClipClassifier
from tests.parts.sound.speech import RATE_HZ, clips, noise


@pytest.fixture(scope="module")
def classifier() -> ClipClassifier:
    """The shipped bundle with default settings."""
    return ClipClassifier(parse_config("", "test"), load_bundle(DEFAULT_BUNDLE))


def classified(classifier: ClipClassifier, sound: Floats, cut: int = RATE_HZ) -> Floats | None:
    """Scores of ``sound``, pushed in chunks of ``cut`` samples."""
    classifier.restart()
    for at in range(0, len(sound), cut):
        classifier.add(sound[at : at + cut])
    classifier.finish()
    assert classifier.n_samples == len(sound)
    return classifier.scores


def scores(classifier: ClipClassifier, sound: Floats, cut: int = RATE_HZ) -> Floats:
    """Scores of a sound with speech."""
    result = classified(classifier, sound, cut)
    assert result is not None
    return result


@pytest.mark.parametrize("cut", [500, 16_000, 1_000_000])
def test_cut_does_not_matter(classifier: ClipClassifier, corpora: Path, cut: int) -> None:
    """Chunk sizes do not change the windows, for a clip and for more than half a minute."""
    for sound in (clips(corpora, "emodb", 3)[1], np.concatenate(clips(corpora, "emodb", 16))):
        np.testing.assert_allclose(scores(classifier, sound, cut), scores(classifier, sound), atol=1e-6)


@pytest.mark.parametrize("lead_s", [0.008, 0.05, 0.1, 0.25, 3, 20])
@pytest.mark.parametrize("floor", [0.0, 3e-4])
def test_clip_later_has_the_same_scores(classifier: ClipClassifier, corpora: Path, lead_s: float, floor: float) -> None:
    """Scores stay the same after silence, or after room noise that continues under the clip."""
    clip = clips(corpora, "emodb", 5)[2]
    n_lead = round(lead_s * RATE_HZ)
    room = noise(20 + len(clip) / RATE_HZ + 1, floor)
    reference = scores(classifier, clip + room[20 * RATE_HZ : 20 * RATE_HZ + len(clip)])
    later = np.concatenate([np.zeros(n_lead, np.float32), clip])
    later += room[20 * RATE_HZ - n_lead : 20 * RATE_HZ + len(clip)]
    np.testing.assert_allclose(scores(classifier, later), reference, atol=0.03)


def test_reasons(classifier: ClipClassifier) -> None:
    """Too quiet has its level, no speech is a reason of its own, and a label has none."""
    assert classified(classifier, noise(4, 1e-5)) is None
    assert classifier.reason is not None
    assert classifier.reason.startswith("too quiet: -9")
    assert classifier.reason.endswith(" dBFS, below gate.min_dbfs")
    assert classified(classifier, noise(4)) is None
    assert classifier.reason == "no speech detected"
    assert classified(classifier, np.zeros(0, np.float32)) is None
    assert classifier.reason == "too quiet: -96 dBFS, below gate.min_dbfs"


def test_speech_has_no_reason(classifier: ClipClassifier, corpora: Path) -> None:
    """A clip with a label has no reason."""
    assert classified(classifier, clips(corpora, "emodb", 3)[0]) is not None
    assert classifier.reason is None
    assert classifier.n_windows > 0
