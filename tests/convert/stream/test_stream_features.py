"""Windows of a scene to scores: only those with speech, in the bundle's own frames, corrected from the start on."""

import dataclasses

import msgspec
import numpy as np
import pytest

from convert.stream.features import featured
from convert.stream.rendering import SceneWindows, windows_of_sound
from convert.train.heads.scoring import scoring_of, statistics_of
from edged.config.structs import Baseline, Config
from edged.features.late_frames import LateFrames
from edged.features.logmel import Floats
from edged.features.whisper import WHISPER
from edged.models.bundle import BUNDLES, Bundle, load_bundle
from edged.models.feature_adaptation import FeatureAdaptation
from edged.models.interpreter import installed_runtimes
from edged.models.trunk import Trunk
from tests.parts.sound.speech import RATE_HZ, noise

_STRIDE_S = 0.496


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """The shipped bundle with a trunk."""
    return load_bundle(BUNDLES / "large")


@pytest.fixture(scope="module")
def sound() -> Floats:
    """Six seconds of noise whose level changes."""
    samples = noise(6, 0.1)
    return np.asarray(samples * np.repeat([1, 0.1, 0.6, 0.2, 1, 0.4], RATE_HZ), np.float32)


@pytest.fixture(scope="module")
def windows(sound: Floats) -> SceneWindows:
    """Of that sound, without filters."""
    config = Config()
    audio = msgspec.structs.replace(config.audio, highpass_hz=0, remove_hum=False)
    return windows_of_sound(sound, msgspec.structs.replace(config, audio=audio), WHISPER)


def test_windows_without_speech_are_not_scored(bundle: Bundle, windows: SceneWindows) -> None:
    """Their rows are even, and they teach nothing."""
    spoken = np.zeros(len(windows.start), bool)
    spoken[2] = True
    scores, adapted = featured(bundle, windows, spoken, Baseline())
    assert adapted is not None
    for rows in (scores, adapted):
        assert np.all(rows[~spoken] == np.float32(1 / len(bundle.manifest.labels)))
        assert rows[spoken].sum() == pytest.approx(1, abs=0.02)
    # Nothing was learned before the first window with speech: both ways give it the same scores.
    assert adapted[2] == pytest.approx(scores[2], abs=1e-6)


def test_windows_are_those_of_the_device(bundle: Bundle, windows: SceneWindows, sound: Floats) -> None:
    """The frames of each window are the ones that a device computes late, and the device corrects them alike."""
    n = len(windows.start)
    scores, adapted = featured(bundle, windows, np.ones(n, bool), Baseline())
    assert adapted is not None
    frames = LateFrames(WHISPER, behind=len(sound))
    written = (np.rint(np.clip(sound, -1, 1) * 32767) / 32768).astype(np.float32)  # as a file of 16 bits keeps it
    frames.push(written, 0)
    frames.finish()
    trunk, scoring = Trunk(bundle, runtime=installed_runtimes()[0]), scoring_of(bundle)
    device = FeatureAdaptation(bundle.manifest.labels, statistics_of(bundle), Baseline())
    for window in range(n):
        features = trunk.features(frames.window(int(windows.end[window])))
        assert scoring(features[None])[0] == pytest.approx(scores[window], abs=0.02)
        corrected = scoring(device.corrected(features)[None])[0]
        assert corrected == pytest.approx(adapted[window], abs=0.02)
        device.learn(features, corrected, _STRIDE_S)


def test_without_adaptation_there_is_one_way(bundle: Bundle, windows: SceneWindows) -> None:
    """A bundle that does not adapt its features has no second scores."""
    plain = dataclasses.replace(bundle, manifest=msgspec.structs.replace(bundle.manifest, adaptation=None))
    _, adapted = featured(plain, windows, np.zeros(len(windows.start), bool), Baseline())
    assert adapted is None


def test_adaptation_switched_off(bundle: Bundle, windows: SceneWindows) -> None:
    """``baseline.mode: off`` teaches nothing here either."""
    scores, adapted = featured(bundle, windows, np.ones(len(windows.start), bool), Baseline(mode="off"))
    assert adapted == pytest.approx(scores, abs=1e-6)
