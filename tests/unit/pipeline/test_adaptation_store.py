"""Adaptation across restarts: saved, restored, refused and deleted."""

import json
import logging
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edged.errors import ConfigError, ModelError
from edged.models.bundle import Bundle, load_bundle
from edged.pipeline.adaptation_store import AdaptationStore
from tests.parts.models.adapted import after_learning, bundle, bundle_in, config, speech_s
from tests.parts.models.bundles import manifest, write_bundle, write_statistics

__all__ = ["bundle"]


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
