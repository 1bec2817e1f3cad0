"""The model gate: real speech opens it, other sounds and what is too soft do not."""

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
_TEST_SPEAKER = "EMODB_14"  # of convert/data/splits
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
    """(188,) frames of which the first ``n_frames`` are so loud and the others silent."""
    return np.where(np.arange(GEOMETRY.n_frames) < n_frames, level_dbfs, -96).astype(np.float32)


def windows(sound: Iterable[float]) -> list[Window]:
    """What the gate is shown of a recording."""
    made = Windows(GEOMETRY, 31 * GEOMETRY.hop)
    return [*made.push(np.array(sound, np.float32), 0), *made.finish()]


def test_threshold_is_enough(fixed: ModelGate) -> None:
    """A score that is the threshold opens, the next lower one does not."""
    assert fixed.hears_speech(loud(100), IMAGE)
    FixedInterpreter.fixed = np.array([0.5, np.nextafter(np.float32(0.5), np.float32(0))], np.float32)
    assert not fixed.hears_speech(loud(100), IMAGE)


def test_soft_and_short_stay_closed(fixed: ModelGate) -> None:
    """Whatever the model says: 25 frames above -60 dBFS are needed."""
    assert fixed.hears_speech(loud(25), IMAGE)
    assert not fixed.hears_speech(loud(24), IMAGE)
    assert not fixed.hears_speech(loud(100, -60), IMAGE)


@pytest.mark.parametrize("level_dbfs", [-70, -50, -20])
def test_steady_sound_is_not_asked_about(fixed: ModelGate, level_dbfs: float) -> None:
    """Whatever its level, noise that varies by less than 3 dB costs no run of the model; 3 dB above it 25 frames do."""
    fixed.change(dataclasses.replace(SETTINGS, min_dbfs=-80))
    steady = np.full(GEOMETRY.n_frames, level_dbfs, np.float32)
    assert not fixed.hears_speech(steady, IMAGE)
    steady[50:75] += 3
    assert fixed.hears_speech(steady, IMAGE)


def test_soft_speech_passes_as_loud_speech_does(shipped: Bundle, corpora: Path) -> None:
    """A speaker whom the gate was not trained on, 20 dB softer, by default: as many windows, within 2 %."""
    clips = [samples(file) for file in sorted((corpora / "emodb").glob(f"{_TEST_SPEAKER[-2:]}*.flac"))[:30]]
    config = Gate()
    settings = GateSettings(margin_db=config.margin_db, min_dbfs=config.min_dbfs, min_frames=25)
    model = ModelGate(shipped, settings, runtime=installed_runtimes()[0])

    def n_opened(gain: float) -> int:
        shown = [window for clip in clips for window in windows(gain * clip)]
        return sum(model.hears_speech(window.speech_dbfs, window.image) for window in shown)

    assert n_opened(0.1) >= 0.98 * n_opened(1)


def test_change_holds_at_once(fixed: ModelGate) -> None:
    """Another minimum level holds from the next window."""
    fixed.change(dataclasses.replace(SETTINGS, min_dbfs=-20))
    assert not fixed.hears_speech(loud(100), IMAGE)


def test_bundle_without_gate(tmp_path: Path) -> None:
    """To ask for a model that is not there is a fault that is named."""
    with pytest.raises(ModelError, match=r"no gate in bundle\.json, expected one for gate\.kind model"):
        ModelGate(load_bundle(write_bundle(tmp_path)), SETTINGS, runtime="ai-edge-litert")


@pytest.mark.parametrize(("kind", "expected"), [("auto", "model"), ("model", "model"), ("level", "level")])
def test_judge_picks(shipped: Bundle, kind: str, expected: str) -> None:
    """The config's word counts; auto is the model where there is one."""
    assert WindowClassifier(parse_config(f"gate: {{kind: {kind}}}", "config.yaml"), shipped).gate == expected


def test_judge_without_a_model(shipped: Bundle) -> None:
    """A bundle without a gate is gated by level; to insist on a model is a fault."""
    without = dataclasses.replace(shipped, manifest=msgspec.structs.replace(shipped.manifest, gate=None), gate=None)
    assert WindowClassifier(parse_config("", "config.yaml"), without).gate == "level"
    with pytest.raises(ModelError, match="no gate in bundle"):
        WindowClassifier(parse_config("gate: {kind: model}", "config.yaml"), without)


def opened(shipped: Bundle, sounds: Iterable[Floats]) -> Floats:
    """For each window of ``sounds``, on the first runtime, whether the gate opens."""
    return heard(shipped, [window for sound in sounds for window in windows(sound)])


def heard(shipped: Bundle, shown: Iterable[Window]) -> Floats:
    """The same of windows."""
    model = ModelGate(shipped, SETTINGS, runtime=installed_runtimes()[0])
    return np.array([model.hears_speech(window.speech_dbfs, window.image) for window in shown], np.float32)


def test_real_speech_opens(shipped: Bundle, corpora: Path) -> None:
    """Nine in ten windows of a speaker and of a meeting that the gate was not trained on."""
    clips = sorted((corpora / "emodb").glob(f"{_TEST_SPEAKER[-2:]}*.flac"))[:30]
    assert opened(shipped, map(samples, clips)).mean() > 0.9
    assert opened(shipped, [samples(corpora / "ami" / "dev00.flac")]).mean() > 0.8


@pytest.mark.parametrize(("emotion", "most_missed"), [("angry", 0.02), ("fear", 0.02)])
def test_real_shouting_opens(shipped: Bundle, corpora: Path, emotion: str, most_missed: float) -> None:
    """Of windows with a second of strong anger or fear of a corpus that the gate was not trained on, at most 2 %."""
    with (corpora / "ravdess" / "index.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if (row["emotion"], row["intensity"]) == (emotion, "strong")]
    clips = [windows(samples(corpora / "ravdess" / row["file"])) for row in rows]
    shown = [window for clip in clips for window in with_a_second(clip)]
    assert len(shown) > 100
    assert 1 - heard(shipped, shown).mean() <= most_missed


def test_made_shouting_opens(shipped: Bundle) -> None:
    """A synthetic voice at 1.6 times its pitch and speed, clipped: the gate before missed all of it."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng: apt-get install espeak-ng")
    said = "Get out! Get out of here! Leave me alone! How dare you!"
    command = ["espeak-ng", "-v", "de+f1", "-p", "50", "-s", "150", "-a", "200", "--stdout", said]
    spoken, rate_hz = soundfile.read(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout))
    raised = soxr.resample(spoken, rate_hz * 1.6, RATE_HZ)
    clipped = np.clip(raised / np.abs(raised).max() * 3, -1, 1)
    assert opened(shipped, [np.pad(clipped, RATE_HZ // 2)]).all()


def with_a_second(clip: list[Window]) -> list[Window]:
    """Of a clip's windows those with a second of sound: frames at most 40 dB softer than its loudest."""
    least = max(float(window.speech_dbfs.max()) for window in clip) - 40
    return [window for window in clip if np.count_nonzero(window.speech_dbfs > least) * GEOMETRY.hop_s >= 1]


def test_other_sounds_stay_out(shipped: Bundle, corpora: Path) -> None:
    """At most one in eight windows of the ESC-10 fold that the gate was not trained on."""
    with (corpora / "esc10" / "index.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["fold"] == _TEST_FOLD]
    assert opened(shipped, [samples(corpora / "esc10" / row["file"]) for row in rows]).mean() < 0.125


def test_made_sounds_stay_out(shipped: Bundle) -> None:
    """Silence, noise, hum and a pure tone, each at several levels."""
    sounds = [np.zeros(10 * RATE_HZ, np.float32)]
    for amplitude in (1e-4, 1e-3, 1e-2, 0.1):
        sounds += [noise(6, amplitude), sine(50, 6, amplitude) + noise(6, 1e-4), sine(1000, 6, amplitude)]
    assert not opened(shipped, sounds).any()
