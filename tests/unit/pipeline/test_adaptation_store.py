"""Adaptation across restarts: saved, restored, refused, deleted, never blocking the daemon."""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edged.audio.ring import AudioChunk
from edged.config.load import parse_config
from edged.config.structs import Config
from edged.errors import ConfigError, ModelError
from edged.models.bundle import Bundle, load_bundle
from edged.models.cascade import Answer
from edged.pipeline.adaptation_store import AdaptationStore, adaptation_store_for
from edged.pipeline.daemon import Daemon
from tests.parts.broker.mosquitto import wait_until
from tests.parts.fakes import FakeSource, RecordingSink
from tests.parts.faults.disk import Disk, card
from tests.parts.models.bundles import manifest, write_bundle, write_statistics
from tests.parts.sound.speech import RATE_HZ, noise

__all__ = ["card"]

LABELS = ("calm", "tense", "loud", "flat")
TILTED = np.array([0.1, 0.6, 0.2, 0.1], np.float32)


class FakeCascade:
    """Gives every window the same scores."""

    labels = LABELS
    routing = "hard"
    runtime = "tflite-runtime"

    def __init__(self, *_arguments: object, **_named: object) -> None:
        self.image: object = None

    def answer(self, image: object) -> Answer:
        """Always tense."""
        self.image = image
        return Answer("tense", TILTED, ("all",))


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


def test_saved_over_a_restart(bundle: Bundle, tmp_path: Path) -> None:
    """The same bundle and microphone restore the state, whatever number ALSA assigns."""
    file = tmp_path / "state" / "baseline.json"
    after_learning(AdaptationStore(config(), bundle, file), "usb (hw:1,0)").save()
    again = AdaptationStore(config(), bundle, file)
    again.select_microphone("usb (hw:2,0)")
    assert speech_s(again) > 100
    assert json.loads(file.read_bytes())["microphone"] == "usb"


def test_another_microphone_starts_from_scratch(bundle: Bundle, tmp_path: Path) -> None:
    """A change at run time saves the first microphone's state, which is replaced when the second one's is saved."""
    file = tmp_path / "baseline.json"
    store = after_learning(AdaptationStore(config(), bundle, file))
    store.select_microphone("other")
    assert speech_s(store) == 0
    assert json.loads(file.read_bytes())["microphone"] == "usb"
    store.select_microphone("usb")
    assert speech_s(store) > 100


@pytest.mark.parametrize("changed", ["version", "temperature", "routing"])
def test_another_bundle_starts_from_scratch(
    bundle: Bundle, tmp_path: Path, changed: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Other scores discard the state; another version of the same models does not."""
    caplog.set_level(logging.INFO)
    file = tmp_path / "baseline.json"
    after_learning(AdaptationStore(config(), bundle, file)).save()
    values, settings = manifest(), config()
    values["moods"] = dict.fromkeys(("hard", "soft"), bundle.manifest.mean_log_scores["hard"])
    if changed == "version":
        values["version"] = "2"
    elif changed == "temperature":
        values["models"]["all"]["temperature"] = 1.5
    else:
        settings = config("models: {routing: soft}")
    again = AdaptationStore(settings, load_bundle(write_bundle(tmp_path / "other", values)), file)
    again.select_microphone("usb")
    assert (speech_s(again) > 0) == (changed == "version")
    assert ("starts from scratch" in caplog.text) == (changed != "version")


def test_bundle_without_mean_log_scores(tmp_path: Path) -> None:
    """The daemon runs without adaptation, and health has no entry for it."""
    store = AdaptationStore(config(), bundle_in(tmp_path / "bundle", adapts=False), tmp_path / "baseline.json")
    store.select_microphone("usb")
    store.save()
    assert store.adaptation is None
    assert store.metrics is None
    assert not (tmp_path / "baseline.json").exists()


def test_damaged_file_is_copied(bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged file is logged and set aside, and learning starts from scratch."""
    file = tmp_path / "baseline.json"
    file.write_bytes(b'{"version": 1, "bun')
    after_learning(AdaptationStore(config(), bundle, file)).save()
    assert len(caplog.messages) == 1
    assert "saved as baseline.json.damaged" in caplog.text
    assert (tmp_path / "baseline.json.damaged").read_bytes() == b'{"version": 1, "bun'
    assert json.loads(file.read_bytes())["scores"]["heard_s"] > 100


def test_disk_that_refuses_is_named_once(bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A folder that cannot be made gives one warning, however often it is tried, and learning continues."""
    (tmp_path / "state").write_text("in the way")
    store = AdaptationStore(config(), bundle, tmp_path / "state" / "baseline.json")
    store.select_microphone("usb")
    after_learning(store)
    store.save()
    store.save()
    assert sum("in memory only" in message for message in caplog.messages) == 1
    assert speech_s(store) > 100


def test_disk_that_hangs_is_left_behind(
    bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blocked write gives one warning and no second write in parallel, and the pipeline continues."""
    monkeypatch.setattr("edged.pipeline.adaptation_store._DEADLINE_S", 0.2)
    file = tmp_path / "baseline.json"
    hanging = tmp_path / "baseline.json.new"
    os.mkfifo(hanging)  # open for writing blocks until there is a reader
    store = after_learning(AdaptationStore(config(), bundle, file))
    try:
        store.save()
        store.save()
        writing = [thread for thread in threading.enumerate() if thread.name == "edged-baseline"]
        assert len(writing) == 1
        assert [message for message in caplog.messages if message.endswith("the disk does not answer")] != []
        assert sum("in memory only" in message for message in caplog.messages) == 1
    finally:
        assert hanging.read_bytes()
    writing[0].join(60)
    hanging.unlink(missing_ok=True)
    file.unlink(missing_ok=True)
    store.save()
    wait_until(file.exists, "the file again")
    assert json.loads(file.read_bytes())["scores"]["heard_s"] > 100


def test_forgetting_on_a_disk_that_hangs(
    bundle: Bundle, card: Disk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipeline continues, the log says that the file is still there, and it is deleted when the disk responds."""
    file = card.place / "baseline.json"
    after_learning(AdaptationStore(config(), bundle, file)).save()
    monkeypatch.setattr("edged.pipeline.adaptation_store._DEADLINE_S", 0.2)
    store = AdaptationStore(config(), bundle, file)
    store.select_microphone("usb")
    assert speech_s(store) > 100
    card.freeze()
    store.reset()
    assert "baseline.json is not deleted: the disk does not answer" in caplog.text
    assert speech_s(store) == 0
    card.thaw()
    wait_until(lambda: not file.exists(), "gone")


def test_written_rarely(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state is saved at most every ten minutes."""
    file = tmp_path / "baseline.json"
    store = after_learning(AdaptationStore(config(), bundle, file))
    store.save_periodically()
    assert not file.exists()
    now_s = time.monotonic()
    monkeypatch.setattr("edged.pipeline.adaptation_store.time.monotonic", lambda: now_s + 601)
    store.save_periodically()
    assert file.exists()


def test_off_forgets(bundle: Bundle, tmp_path: Path) -> None:
    """Off and on again resets memory and disk."""
    file = tmp_path / "baseline.json"
    store = after_learning(AdaptationStore(config(), bundle, file))
    store.save()
    store.change(config("baseline: {mode: off}").baseline)
    assert store.metrics is None
    assert not file.exists()
    store.change(config("baseline: {mode: on}").baseline)
    store.select_microphone("usb")
    assert speech_s(store) == 0


def test_frozen_is_used_and_not_written(bundle: Bundle, tmp_path: Path) -> None:
    """Frozen state is used, reported in health, and not written."""
    file = tmp_path / "baseline.json"
    after_learning(AdaptationStore(config(), bundle, file)).save()
    before = file.read_bytes()
    store = after_learning(AdaptationStore(config("baseline: {mode: frozen}"), bundle, file))
    store.save()
    assert store.metrics is not None
    assert store.metrics.frozen
    assert store.metrics.shift["tense"] > 0.2
    assert file.read_bytes() == before


def test_take(bundle: Bundle, tmp_path: Path) -> None:
    """A replay starts from a saved file of any microphone; a missing file or another bundle's is refused."""
    file = tmp_path / "baseline.json"
    after_learning(AdaptationStore(config(), bundle, file)).save()
    store = AdaptationStore(config(), bundle)
    store.start_from(file)
    assert speech_s(store) > 100
    with pytest.raises(ModelError, match=r"absent\.json: No such file"):
        store.start_from(tmp_path / "absent.json")
    saved = json.loads(file.read_bytes())
    file.write_bytes(msgspec.json.encode({**saved, "scores": {**saved["scores"], "bundle": "other"}}))
    with pytest.raises(ModelError, match="learned with another bundle"):
        store.start_from(file)
    with pytest.raises(ModelError, match=r"baseline\.mode is off"):
        AdaptationStore(config("baseline: {mode: off}"), bundle).start_from(file)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"centre": np.zeros(3)}, "adaptation.npz: centre has 3 numbers, expected 64 as the bundle's"),
        ({"labels": 2}, "adaptation.npz: offsets and spread have shapes"),
    ],
)
def test_statistics_of_other_features(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    """Statistics that are not of this bundle are refused, and their file is named."""
    values = manifest() | {"format": 2}
    values["adaptation"] = write_statistics(tmp_path, **{"centre": np.zeros(64), **changed})
    with pytest.raises(ModelError, match=words):
        AdaptationStore(config(), load_bundle(write_bundle(tmp_path, values)))


def test_both_adaptations_in_one_file(tmp_path: Path) -> None:
    """Features and scores are saved together and restored together, and nothing else is in the file."""
    bundle, file = bundle_in(tmp_path / "bundle", features=True), tmp_path / "baseline.json"
    after_learning(AdaptationStore(config(), bundle, file)).save()
    saved = json.loads(file.read_bytes())
    assert saved.keys() == {"version", "bundle", "microphone", "since", "calibrated", "features", "scores"}
    assert saved["features"].keys() == {
        *("version", "bundle", "microphone", "labels", "effect", "listening", "calibration"),
    }
    again = AdaptationStore(config(), bundle, file)
    again.select_microphone("usb")
    assert again.metrics is not None
    assert again.metrics.features is not None
    assert again.metrics.features.speech_s == pytest.approx(120, rel=0.05)
    assert again.metrics.features.distance > 1
    assert again.metrics.shift["tense"] > 0.2


def test_state_of_a_former_version(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What edged 0.1.0 saved, the scores alone, is continued; the features start from scratch."""
    caplog.set_level(logging.INFO)
    bundle, file = bundle_in(tmp_path / "bundle", features=True), tmp_path / "baseline.json"
    after_learning(AdaptationStore(config(), bundle, file)).save()
    scores = json.loads(file.read_bytes())["scores"]
    file.write_text(json.dumps(scores))
    again = AdaptationStore(config(), bundle, file)
    again.select_microphone("usb")
    assert again.metrics is not None
    assert again.metrics.features is not None
    assert (again.metrics.features.speech_s, again.metrics.features.since) == (0, None)
    assert again.metrics.heard_s > 100
    assert "continues from" in caplog.text


def test_state_of_a_later_version_is_not_read(bundle: Bundle, tmp_path: Path) -> None:
    """After a downgrade the adaptation starts from scratch; the file is refused as a whole."""
    file = tmp_path / "baseline.json"
    file.write_text('{"version": 3, "place": "kitchen"}')
    store = AdaptationStore(config(), bundle, file)
    store.select_microphone("usb")
    assert speech_s(store) == 0


@pytest.mark.parametrize(("clock_s", "shown"), [(1.8e9, True), (0.0, False)])
def test_dates_need_a_clock_that_is_set(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clock_s: float,
    shown: bool,  # noqa: FBT001 -- a parameter of pytest
) -> None:
    """A device that boots in 1970 learns as ever, and has a date when its clock is right."""
    bundle = bundle_in(tmp_path / "bundle", features=True)
    monkeypatch.setattr("edged.pipeline.adaptation_store.time.time", lambda: clock_s)
    store = after_learning(AdaptationStore(config(), bundle))
    assert store.metrics is not None
    assert store.metrics.features is not None
    assert (store.metrics.features.since is not None) == shown
    monkeypatch.setattr("edged.pipeline.adaptation_store.time.time", lambda: 1.9e9)
    assert store.metrics.features is not None
    assert store.metrics.features.since == ("2027-01-15T08:00:00.000Z" if shown else "2030-03-17T17:46:40.000Z")
    monkeypatch.setattr("edged.pipeline.adaptation_store.time.time", lambda: 1.75e9)  # the clock was set back
    assert store.metrics.features.since is None


def test_expected_label_that_the_bundle_has_not(bundle: Bundle) -> None:
    """An unknown label is a config error that lists the bundle's labels."""
    with pytest.raises(ConfigError, match=r"baseline\.expected names neutral, expected .*calm"):
        AdaptationStore(config("baseline: {expected: {neutral: 0.7}}"), bundle)


def chunks(count: int) -> Iterator[AudioChunk]:
    """Noise that comes and goes, in chunks of a second, which the gate takes for speech."""
    sound = noise(1.0)
    for index in range(count):
        yield AudioChunk(sound * np.float32(1 if index % 2 else 1e-3), index * RATE_HZ, float(index))


def test_daemon_learns_and_keeps(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores of a too frequent label are lowered, and the end saves that for the next start."""
    monkeypatch.setattr("edged.pipeline.classifier.Cascade", FakeCascade)
    monkeypatch.setattr("edged.pipeline.daemon.Daemon._report", lambda _self: None)
    store = adaptation_store_for(config(), bundle)
    sink = RecordingSink()
    Daemon(config(), bundle, FakeSource(chunks(120)), sink, adaptation=store).run(threading.Event())
    tense = [window.scores["tense"] for window in sink.windows if window.scores]
    assert tense[0] == pytest.approx(0.6, abs=1e-3)
    assert tense[-1] < 0.5
    again = adaptation_store_for(config(), bundle)
    again.select_microphone("fake")
    assert speech_s(again) == pytest.approx(len(tense) * 0.496, rel=0.05)


def test_daemon_without_it_learns_nothing(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay's default: the same sound gives the same scores throughout."""
    monkeypatch.setattr("edged.pipeline.classifier.Cascade", FakeCascade)
    monkeypatch.setattr("edged.pipeline.daemon.Daemon._report", lambda _self: None)
    sink = RecordingSink()
    Daemon(config(), bundle, FakeSource(chunks(30)), sink).run(threading.Event())
    assert {window.scores["tense"] for window in sink.windows if window.scores} == {0.6}
