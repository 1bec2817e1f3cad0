"""Windows of recordings, several of which are classified in a row: the answers are those of live sound."""

from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from edged.config.load import parse_config
from edged.config.structs import Baseline
from edged.features.logmel import Floats
from edged.models.bundle import BUNDLES, load_bundle
from edged.models.place_adaptation import PlaceAdaptation
from edged.pipeline.adaptation_store import statistics_of
from edged.pipeline.classifier import Classification, WindowClassifier
from tests.parts.calls.composed import CALMS, RATE_HZ, call

_OFF, _ON = (parse_config(f"baseline: {{mode: '{mode}'}}", "test") for mode in ("off", "on"))


@pytest.fixture(scope="module")
def spoken() -> Floats:
    """Some turns of synthetic voices."""
    return np.ascontiguousarray(call(CALMS)[: 20 * RATE_HZ, 0])


def classified(classifier: WindowClassifier, sound: Floats, cut: int) -> list[Classification]:
    """The windows of ``sound``, pushed in chunks of ``cut`` samples."""
    windows = [one for at in range(0, len(sound), cut) for one in classifier.classify(sound[at : at + cut], at)]
    return [*windows, *classifier.finish()]


@pytest.mark.parametrize("bundle", ["small", "large"])
@pytest.mark.parametrize("cut", [7001, 2 * RATE_HZ])
def test_recorded_sound_has_the_answers_of_live_sound(spoken: Floats, bundle: str, cut: int) -> None:
    """The same windows in the same order, and scores that agree to an int8 step of the models."""
    loaded = load_bundle(BUNDLES / bundle)
    live = classified(WindowClassifier(_OFF, loaded), spoken, 5000)
    recorded = classified(WindowClassifier(_OFF, loaded, live=False), spoken, cut)
    assert [one.window.end for one in recorded] == [one.window.end for one in live]
    assert [one.speech for one in recorded] == [one.speech for one in live]
    answers = [(one.answer, other.answer) for one, other in zip(recorded, live, strict=True) if one.answer]
    assert len(answers) > 10
    for answer, expected in answers:
        assert answer is not None
        assert expected is not None
        assert answer.scores == pytest.approx(expected.scores, abs=0.03)


def test_features_as_they_come_have_their_share(spoken: Floats) -> None:
    """Half of the published evidence is theirs where the bundle says so; learning takes the corrected scores alone."""
    loaded = load_bundle(BUNDLES / "small")
    assert loaded.manifest.adaptation is not None
    adaptations = [structs.replace(loaded.manifest.adaptation, share=share) for share in (1.0, 0.5)]
    whole, half = (replace(loaded, manifest=structs.replace(loaded.manifest, adaptation=one)) for one in adaptations)
    as_they_come = [one.answer for one in classified(WindowClassifier(_OFF, loaded), spoken, 5000) if one.answer]
    places = [PlaceAdaptation(one.manifest.labels, Baseline(), statistics=statistics_of(one)) for one in (whole, half)]
    corrected, published = (
        [one.answer for one in classified(WindowClassifier(_ON, bundle, place), spoken, 5000) if one.answer]
        for bundle, place in zip((whole, half), places, strict=True)
    )
    features = places[1].features
    assert features is not None
    assert places[0].features is not None
    assert features.shift == pytest.approx(places[0].features.shift)
    assert np.abs(features.shift).max() > 0
    for one, came, expected in zip(published, as_they_come, corrected, strict=True):
        assert one.scores == pytest.approx(features.published(expected.scores, came.scores), abs=1e-5)
        assert one.label == loaded.manifest.labels[int(one.scores.argmax())]


def test_restart_forgets_windows_that_wait() -> None:
    """None of the stream before comes out after it."""
    classifier = WindowClassifier(_OFF, load_bundle(BUNDLES / "small"), live=False)
    before = np.zeros(4 * RATE_HZ, np.float32)  # fewer windows than are classified in a row
    assert list(classifier.classify(before, 0)) == []
    classifier.restart()
    assert [one.window.end for one in classifier.finish()] == [0]  # the first half of the new stream's first frame
