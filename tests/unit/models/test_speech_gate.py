"""The model gate: opens for real speech, not for other or too soft sounds."""

import csv
import dataclasses
import io
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile
import soxr

from edged.config.load import parse_config
from edged.config.structs import Gate
from edged.errors import ModelError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Window, Windows
from edged.models import speech_gate
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from edged.models.interpreter import installed_runtimes
from edged.models.level_gate import GateSettings
from edged.models.speech_gate import ModelGate
from edged.pipeline.classifier import WindowClassifier
from tests.parts.fakes import FixedInterpreter
from tests.parts.models.bundles import gate, manifest, write_bundle
from tests.parts.sound.speech import RATE_HZ, noise, samples, sine

SETTINGS = GateSettings(margin_db=12, min_dbfs=-60, min_frames=25)
IMAGE = np.zeros((GEOMETRY.n_frames, GEOMETRY.n_bands), np.int8)
_TEST_SPEAKER = "EMODB_14"  # in the test split of convert/data/splits
_TEST_FOLD = "4"


@pytest.fixture
def shipped() -> Bundle:
    """The shipped bundle."""
    return load_bundle(DEFAULT_BUNDLE)


@pytest.fixture
def fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelGate:
    """A gate with threshold 0.5 whose model says 0.5 of everything."""
    monkeypatch.setattr(speech_gate, "Interpreter", FixedInterpreter)
    FixedInterpreter.fixed = np.array([0.5, 0.5], np.float32)
    bundle = load_bundle(write_bundle(tmp_path, {**manifest(), "gate": gate()}))
    return ModelGate(bundle, SETTINGS, runtime="ai-edge-litert")


def loud(n_frames: int, level_dbfs: float = -30) -> Floats:
    """(188,) frames, the first ``n_frames`` at this level, the others silent."""
    return np.where(np.arange(GEOMETRY.n_frames) < n_frames, level_dbfs, -96).astype(np.float32)


def windows(sound: Iterable[float]) -> list[Window]:
    """Windows of a recording, as the gate gets them."""
    made = Windows(GEOMETRY, 31 * GEOMETRY.hop)
    return [*made.push(np.array(sound, np.float32), 0), *made.finish()]


def test_threshold_is_enough(fixed: ModelGate) -> None:
    """A score equal to the threshold opens, one step less does not."""
    assert fixed.detects_speech(loud(100), IMAGE)
    FixedInterpreter.fixed = np.array([0.5, np.nextafter(np.float32(0.5), np.float32(0))], np.float32)
    assert not fixed.detects_speech(loud(100), IMAGE)


def test_soft_and_short_stay_closed(fixed: ModelGate) -> None:
    """Whatever the model's score, 25 frames above -60 dBFS are required."""
    assert fixed.detects_speech(loud(25), IMAGE)
    assert not fixed.detects_speech(loud(24), IMAGE)
    assert not fixed.detects_speech(loud(100, -60), IMAGE)


@pytest.mark.parametrize("level_dbfs", [-70, -50, -20])
def test_steady_sound_does_not_run_the_model(fixed: ModelGate, level_dbfs: float) -> None:
    """Noise that varies by less than 3 dB never runs the model; 25 frames 3 dB above it do."""
    fixed.change(dataclasses.replace(SETTINGS, min_dbfs=-80))
    steady = np.full(GEOMETRY.n_frames, level_dbfs, np.float32)
    assert not fixed.detects_speech(steady, IMAGE)
    steady[50:75] += 3
    assert fixed.detects_speech(steady, IMAGE)


def test_soft_speech_passes_as_loud_speech_does(shipped: Bundle, corpora: Path) -> None:
    """An unseen speaker 20 dB softer opens as many windows, within 2 %."""
    clips = [samples(file) for file in sorted((corpora / "emodb").glob(f"{_TEST_SPEAKER[-2:]}*.flac"))[:30]]
    config = Gate()
    settings = GateSettings(margin_db=config.margin_db, min_dbfs=config.min_dbfs, min_frames=25)
    model = ModelGate(shipped, settings, runtime=installed_runtimes()[0])

    def n_opened(gain: float) -> int:
        chosen = [window for clip in clips for window in windows(gain * clip)]
        return sum(model.detects_speech(window.speech_dbfs, window.image) for window in chosen)

    assert n_opened(0.1) >= 0.98 * n_opened(1)


def test_change_holds_at_once(fixed: ModelGate) -> None:
    """Another minimum level applies from the next window."""
    fixed.change(dataclasses.replace(SETTINGS, min_dbfs=-20))
    assert not fixed.detects_speech(loud(100), IMAGE)


def test_bundle_without_gate(tmp_path: Path) -> None:
    """A config that asks for a missing gate is an error."""
    with pytest.raises(ModelError, match=r"no gate in bundle\.json, expected one for gate\.kind model"):
        ModelGate(load_bundle(write_bundle(tmp_path)), SETTINGS, runtime="ai-edge-litert")


@pytest.mark.parametrize(("kind", "expected"), [("auto", "model"), ("model", "model"), ("level", "level")])
def test_gate_of_the_config(shipped: Bundle, kind: str, expected: str) -> None:
    """The config decides; auto prefers the model."""
    assert WindowClassifier(parse_config(f"gate: {{kind: {kind}}}", "config.yaml"), shipped).gate == expected


def test_gate_without_a_model(shipped: Bundle) -> None:
    """Without a gate model the level decides; to insist on a model is an error."""
    without = dataclasses.replace(shipped, manifest=msgspec.structs.replace(shipped.manifest, gate=None), gate=None)
    assert WindowClassifier(parse_config("", "config.yaml"), without).gate == "level"
    with pytest.raises(ModelError, match="no gate in bundle"):
        WindowClassifier(parse_config("gate: {kind: model}", "config.yaml"), without)


def opened(shipped: Bundle, sounds: Iterable[Floats]) -> Floats:
    """Whether the gate opens for each window of ``sounds``, on the first runtime."""
    return opened_for(shipped, [window for sound in sounds for window in windows(sound)])


def opened_for(shipped: Bundle, chosen: Iterable[Window]) -> Floats:
    """Whether the gate opens for each of these windows."""
    model = ModelGate(shipped, SETTINGS, runtime=installed_runtimes()[0])
    return np.array([model.detects_speech(window.speech_dbfs, window.image) for window in chosen], np.float32)


def test_real_speech_opens(shipped: Bundle, corpora: Path) -> None:
    """Nine in ten windows of an unseen speaker and of an unseen meeting."""
    clips = sorted((corpora / "emodb").glob(f"{_TEST_SPEAKER[-2:]}*.flac"))[:30]
    assert opened(shipped, map(samples, clips)).mean() > 0.9
    assert opened(shipped, [samples(corpora / "ami" / "dev00.flac")]).mean() > 0.8


@pytest.mark.parametrize(("emotion", "max_missed"), [("angry", 0.02), ("fear", 0.02)])
def test_real_shouting_opens(shipped: Bundle, corpora: Path, emotion: str, max_missed: float) -> None:
    """The gate misses at most 2 % of windows with a second of strong anger or fear of an unseen corpus."""
    with (corpora / "ravdess" / "index.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if (row["emotion"], row["intensity"]) == (emotion, "strong")]
    clips = [windows(samples(corpora / "ravdess" / row["file"])) for row in rows]
    chosen = [window for clip in clips for window in with_a_second(clip)]
    assert len(chosen) > 100
    assert 1 - opened_for(shipped, chosen).mean() <= max_missed


def test_synthetic_shouting_opens(shipped: Bundle) -> None:
    """A clipped synthetic voice at 1.6 times its pitch and speed opens all windows; the previous gate missed all."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng: apt-get install espeak-ng")
    text = "Get out! Get out of here! Leave me alone! How dare you!"
    command = ["espeak-ng", "-v", "de+f1", "-p", "50", "-s", "150", "-a", "200", "--stdout", text]
    spoken, rate_hz = soundfile.read(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout))
    raised = soxr.resample(spoken, rate_hz * 1.6, RATE_HZ)
    clipped = np.clip(raised / np.abs(raised).max() * 3, -1, 1)
    assert opened(shipped, [np.pad(clipped, RATE_HZ // 2)]).all()


def with_a_second(clip: list[Window]) -> list[Window]:
    """Windows of a clip with a second of sound, which is at most 40 dB softer than its loudest frame."""
    min_dbfs = max(float(window.speech_dbfs.max()) for window in clip) - 40
    return [window for window in clip if np.count_nonzero(window.speech_dbfs > min_dbfs) * GEOMETRY.hop_s >= 1]


def test_other_sounds_stay_out(shipped: Bundle, corpora: Path) -> None:
    """At most one in eight windows of the unseen ESC-10 fold."""
    with (corpora / "esc10" / "index.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["fold"] == _TEST_FOLD]
    assert opened(shipped, [samples(corpora / "esc10" / row["file"]) for row in rows]).mean() < 0.125


def test_synthetic_sounds_stay_out(shipped: Bundle) -> None:
    """Silence, noise, hum and a pure tone at several levels."""
    sounds = [np.zeros(10 * RATE_HZ, np.float32)]
    for amplitude in (1e-4, 1e-3, 1e-2, 0.1):
        sounds += [noise(6, amplitude), sine(50, 6, amplitude) + noise(6, 1e-4), sine(1000, 6, amplitude)]
    assert not opened(shipped, sounds).any()
