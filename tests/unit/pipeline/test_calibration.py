"""Calibration: how much is heard, what is refused and in which words, what it sets, and how it is taken back."""

import math
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
from edged.pipeline.calibration import ENOUGH_S, Calibration
from edged.pipeline.calibrator import Calibrator
from edged.pipeline.classifier import WindowClassifier
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


def test_three_sentences(store: AdaptationStore) -> None:
    """Seconds and sentences are counted, the mean is set, and the words name what was too likely."""
    known = adaptation(store)
    outcome = collected(sentences(3), enough_s=100).outcome(known, FakeCascade())  # type: ignore[arg-type]
    assert outcome.ok
    assert outcome.speech_s == pytest.approx(6, abs=0.2)
    assert outcome.n_sentences == 3
    assert outcome.message.startswith(
        "heard 6.0 s of speech in 3 sentences; flat was 2.3 times too unlikely here, tense was 2.0 "
    )
    assert outcome.change["tense"] == pytest.approx(math.log(2), abs=1e-3)
    assert known.features is not None
    assert known.features.shift == pytest.approx(np.full(64, 10 * 6 / 8), rel=0.05)
    assert known.calibration_s == pytest.approx(6, abs=0.2)
    assert known.calibrated is not None


def test_scores_start_from_scratch(store: AdaptationStore) -> None:
    """What was learned of the scores belongs to other features, and to other ones again when it is taken back."""
    known = adaptation(store)
    assert known.scores is not None
    for change in (
        lambda: collected(sentences(3)).outcome(known, FakeCascade()),  # type: ignore[arg-type]
        known.forget_calibration,
    ):
        known.scores.learn(np.array([0.1, 0.6, 0.2, 0.1], np.float32), 60.0)
        change()
        assert known.scores.speech_s == 0


def test_done_with_enough_speech() -> None:
    """Somebody who speaks on is not kept waiting."""
    calibration = collected(sound((1.0, FLOOR_DBFS), *[(1.5, -30), (0.2, FLOOR_DBFS)] * 30))
    assert calibration.done
    assert calibration.speech_s == pytest.approx(ENOUGH_S, abs=0.6)


def test_done_after_the_limit() -> None:
    """Silence ends it too."""
    calibration = collected(sound((60.0, FLOOR_DBFS)))
    assert calibration.done
    assert calibration.heard_s == pytest.approx(30, abs=0.5)


def test_sound_from_before_the_request_does_not_count(store: AdaptationStore) -> None:
    """The first window is full of speech from before; only what follows is counted."""
    levels = np.concatenate([sound((3.0, -30)), sound((6.0, FLOOR_DBFS))])
    outcome = collected(levels, first=1000).outcome(adaptation(store), FakeCascade())  # type: ignore[arg-type]
    assert not outcome.ok
    assert outcome.speech_s == 0


def test_lost_sound_starts_it_over(store: AdaptationStore) -> None:
    """After a gap only what came behind it counts: the microphone may be another one."""
    calibration = collected(sentences(2), enough_s=100)
    for window in windows(sentences(1), first=5000):
        calibration.add(window, FEATURES if window.speech_dbfs.max() > -50 else None)
    outcome = calibration.outcome(adaptation(store), FakeCascade())  # type: ignore[arg-type]
    assert not outcome.ok
    assert "heard only 2.0 s of speech" in outcome.message


@pytest.mark.parametrize(
    ("levels", "speech", "words"),
    [
        (sound((10.0, -96.0)), False, "only silence or steady noise in 10 s, -96 dBFS at the loudest"),
        (sound((10.0, -20.0)), False, "only silence or steady noise in 10 s, -20 dBFS at the loudest"),
        (sound((5.0, -60.0), (5.0, -20.0)), False, "only noise in 10 s, -20 dBFS at the loudest"),
        (sentences(1, 1.2), True, "heard only 1.2 s of speech in 3 s"),
        (sound((10.0, -40.0), (10.0, -38.0)), True, "speech is only 2 dB above the noise at -40 dBFS"),
    ],
)
def test_refused_in_words(levels: Floats, speech: bool, words: str, store: AdaptationStore) -> None:  # noqa: FBT001 -- a parameter of pytest
    """Silence, noise, too little, too noisy: the reason, what is expected, and that nothing changed."""
    known = adaptation(store)
    outcome = collected(levels, speech=speech, enough_s=100).outcome(known, FakeCascade())  # type: ignore[arg-type]
    assert not outcome.ok
    assert outcome.message.startswith(words)
    assert "expected two or three sentences" in outcome.message
    assert outcome.message.endswith("nothing changed")
    assert known.calibration_s == 0


def test_no_window_at_all(store: AdaptationStore) -> None:
    """A recording that is empty."""
    outcome = Calibration().outcome(adaptation(store), FakeCascade())  # type: ignore[arg-type]
    assert outcome.message.startswith("there was no sound")


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
    assert classifier.calibration.heard_s > 5
    assert adaptation(store).speech_s == 0
    classifier.calibration = None
    assert [one for one in classifier.classify(noise, len(noise)) if one.answer]
    assert adaptation(store).speech_s > 3
