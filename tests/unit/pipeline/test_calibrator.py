"""The calibrator: one outcome, saved at once, taken back, and what stops it."""

from pathlib import Path

import numpy as np
import pytest

from edged.config.load import parse_config
from edged.features.logmel import Floats
from edged.models.bundle import load_bundle
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.calibration import Calibration
from edged.pipeline.calibrator import Calibrator
from edged.pipeline.classifier import WindowClassifier
from tests.parts.models.bundles import write_bundle
from tests.parts.models.calibrated import FEATURES, FakeCascade, adaptation, collected, sentences, store

__all__ = ["store"]


class FakeClassifier:
    """Holds a calibration, as the classifier does."""

    cascade = FakeCascade()

    def __init__(self) -> None:
        self.calibration: Calibration | None = None


def calibrator(store: AdaptationStore, clock_s: list[float] | None = None) -> tuple[Calibrator, FakeClassifier]:
    """A calibrator with a clock that is set by hand."""
    classifier, times = FakeClassifier(), clock_s or [0.0]
    return Calibrator(classifier, store, lambda: times[0]), classifier  # type: ignore[arg-type]


def test_calibrated_once_and_saved(store: AdaptationStore, tmp_path: Path) -> None:
    """The outcome comes once, with the file on disk, and a restart continues from it."""
    known, classifier = calibrator(store)
    assert known.tick() is None
    known.begin(collected(sentences(4)))
    assert known.running
    outcome = known.tick()
    assert outcome is not None
    assert outcome.ok
    assert known.tick() is None
    assert classifier.calibration is None
    content = (tmp_path / "baseline.json").read_bytes()
    assert len(content) < 2000  # the means of 64 bands, and nothing of 12 s of sound
    assert b'"calibration":{' in content


def test_forgotten_also_on_disk(store: AdaptationStore, tmp_path: Path) -> None:
    """Without any listening before, nothing is left of it."""
    known, _ = calibrator(store)
    known.begin(collected(sentences(4)))
    known.tick()
    assert known.forget().message == "the calibration is forgotten; nothing else was learned"
    assert not (tmp_path / "baseline.json").exists()
    assert known.forget().message == "there is no calibration to forget"


def test_forgotten_before_any_sound(store: AdaptationStore, tmp_path: Path) -> None:
    """After a restart without the microphone the calibration on disk is undone, and does not come back with it."""
    known, _ = calibrator(store)
    known.begin(collected(sentences(4)))
    known.tick()
    again = AdaptationStore(parse_config("", "test"), load_bundle(tmp_path / "bundle"), tmp_path / "baseline.json")
    assert calibrator(again)[0].forget().message == "the calibration is forgotten; nothing else was learned"
    assert not (tmp_path / "baseline.json").exists()
    again.select_microphone("usb")
    assert adaptation(again).calibration_s == 0


def test_calibration_of_another_microphone_is_left(store: AdaptationStore, tmp_path: Path) -> None:
    """Sound comes from a microphone that was never calibrated: that of the other one is not forgotten."""
    known, _ = calibrator(store)
    known.begin(collected(sentences(4)))
    known.tick()
    again = AdaptationStore(parse_config("", "test"), load_bundle(tmp_path / "bundle"), tmp_path / "baseline.json")
    again.select_microphone("other")
    assert calibrator(again)[0].forget().message == "there is no calibration to forget"
    again.select_microphone("usb")
    assert adaptation(again).calibration_s > 7


def test_listening_outlives_a_calibration(store: AdaptationStore, tmp_path: Path) -> None:
    """What was learned by listening before is in force again, in memory and on disk."""
    features = adaptation(store).features
    assert features is not None
    for _ in range(100):
        features.learn(FEATURES, np.full(4, 0.25, np.float32), 0.5)
    before = features.shift.copy()
    known, _ = calibrator(store)
    known.begin(collected(sentences(4)))
    known.tick()
    assert known.forget().message == "the calibration is forgotten; what 50 s of listening taught is in force"
    assert features.shift == pytest.approx(before)
    assert b'"calibration":null' in (tmp_path / "baseline.json").read_bytes()


def test_stopped_without_sound(store: AdaptationStore) -> None:
    """A microphone that is muted, or a source that gives nothing, ends it with the reason."""
    times = [0.0]
    known, _ = calibrator(store, times)
    known.begin()
    outcome = known.tick("muted by command")
    assert outcome is not None
    assert outcome.message == "stopped: muted by command; nothing changed"
    known.begin()
    times[0] = 46.0
    outcome = known.tick()
    assert outcome is not None
    assert outcome.message.startswith("there was no sound; expected ")


def test_full_disk_is_in_the_answer(store: AdaptationStore, tmp_path: Path) -> None:
    """The calibration is in force, and the answer says that it will not outlive the process."""
    (tmp_path / "baseline.json").mkdir()
    known, _ = calibrator(store)
    known.begin(collected(sentences(4)))
    outcome = known.tick()
    assert outcome is not None
    assert outcome.ok
    assert "not saved for the next start: " in outcome.message
    assert adaptation(store).calibration_s > 7


def test_unable(store: AdaptationStore, tmp_path: Path) -> None:
    """A bundle that adapts no features, and a mode other than on, are named."""
    assert calibrator(store)[0].unable == ""
    store.change(parse_config("baseline: {mode: frozen}", "test").baseline)
    assert calibrator(store)[0].unable == "baseline.mode is frozen, expected on"
    plain = AdaptationStore(parse_config("", "test"), load_bundle(write_bundle(tmp_path / "plain")))
    assert calibrator(plain)[0].unable.startswith("this bundle does not adapt its features")


def test_windows_of_a_calibration_teach_nothing_else(
    store: AdaptationStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its speech counts once: as the calibration."""

    class Cascade(FakeCascade):
        runtime = "tflite-runtime"

        def __init__(self, *_arguments: object, **_named: object) -> None:
            pass

        @staticmethod
        def features(_seen: object) -> Floats:
            return FEATURES

    monkeypatch.setattr("edged.pipeline.classifier.Cascade", Cascade)
    config = parse_config("gate: {kind: level, margin_db: 3, min_dbfs: -96, min_speech_s: 0.016}", "test")
    classifier = WindowClassifier(config, load_bundle(tmp_path / "bundle"), adaptation(store))
    noise = np.random.default_rng(1).normal(0, 0.1, 16_000 * 8).astype(np.float32)
    noise *= np.repeat([0.001, 1.0] * 8, 8000).astype(np.float32)
    classifier.calibration = Calibration()
    assert [one for one in classifier.classify(noise, 0) if one.answer]
    assert classifier.calibration.sound_s > 5
    assert adaptation(store).speech_s == 0
    classifier.calibration = None
    assert [one for one in classifier.classify(noise, len(noise)) if one.answer]
    assert adaptation(store).speech_s > 3
