"""Both adaptations of a place as one: what is saved together, refused together and started together."""

import json

import msgspec
import numpy as np
import pytest

from edged.config.structs import Baseline
from edged.errors import ModelError
from edged.models.feature_statistics import FeatureStatistics
from edged.models.place_adaptation import PlaceAdaptation, microphone_of

LABELS = ("calm", "tense")
OTHERS = {"calm": (-0.5, -2.5), "tense": (-2.5, -0.5)}
STATISTICS = FeatureStatistics(
    centre=np.zeros(3, np.float32),
    offsets=np.zeros((2, 3), np.float32),
    spread=np.ones(3, np.float32),
    caution_s=2,
    prior_weight_s=15,
    power=0.7,
)
SCORES = np.array([0.3, 0.7], np.float32)
X = np.array([1, -1, 0.5], np.float32)


def place(*, features: bool = True, scores: bool = True, mode: str = "on") -> PlaceAdaptation:
    """A place without history."""
    return PlaceAdaptation(
        LABELS,
        msgspec.convert({"mode": mode}, Baseline),
        statistics=STATISTICS if features else None,
        mean_log_scores=OTHERS if scores else None,
    )


def learned(known: PlaceAdaptation) -> PlaceAdaptation:
    """The same after a minute of speech and a calibration."""
    for _ in range(120):
        if known.features is not None:
            known.features.learn(X, SCORES, 0.5)
        if known.scores is not None:
            known.scores.learn(SCORES, 0.5)
    known.since = 1.8e9
    return known


@pytest.mark.parametrize(("features", "scores"), [(True, True), (True, False), (False, True)])
def test_saved_together(features: bool, scores: bool) -> None:  # noqa: FBT001 -- parameters of pytest
    """Whatever the bundle adapts is restored, with its date."""
    known, again = learned(place(features=features, scores=scores)), place(features=features, scores=scores)
    content = known.encoded(bundle="B", microphone="M")
    assert again.restore(content, bundle="B", microphone="M")
    assert again.encoded(bundle="B", microphone="M") == content
    assert (again.speech_s, again.since) == (known.speech_s, 1.8e9)
    assert again.speech_s == pytest.approx(60, rel=0.02)
    assert microphone_of(content) == "M"


def test_part_that_the_bundle_does_not_adapt_is_left() -> None:
    """A state of scores alone leaves the features at the start, and the other way round."""
    again = place()
    assert again.restore(learned(place(features=False)).encoded(bundle="B", microphone="M"), bundle="B", microphone="M")
    assert again.features is not None
    assert (again.features.speech_s, again.speech_s > 0) == (0, True)
    again = place(features=False)
    assert not again.restore(
        learned(place(scores=False)).encoded(bundle="B", microphone="M"), bundle="B", microphone="M"
    )


def test_another_place_starts_from_scratch() -> None:
    """What was there before is gone, so that no mixture of two places is left."""
    known = learned(place())
    content = known.encoded(bundle="B", microphone="M")
    for bundle, microphone in (("C", "M"), ("B", "N")):
        again = learned(place())
        assert not again.restore(content, bundle=bundle, microphone=microphone)
        assert (again.speech_s, again.since) == (0, None)


def test_one_damaged_part_refuses_both() -> None:
    """Scores belong to the features that they were learned on."""
    content = json.loads(learned(place()).encoded(bundle="B", microphone="M"))
    content["scores"]["heard_s"] = -1
    again = place()
    with pytest.raises(ModelError, match="heard_s -1"):
        again.restore(json.dumps(content).encode(), bundle="B", microphone="M")
    assert again.speech_s == 0


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b"{}", b'{"version": 2}', b"[" * 100_000, b'{"version": "x"}']
)
def test_damaged_content(content: bytes) -> None:
    """One line, whatever is in the file."""
    with pytest.raises(ModelError, match="expected an adaptation state") as fault:
        place().restore(content, bundle="B", microphone="M")
    assert "\n" not in str(fault.value)


def test_active() -> None:
    """Off corrects nothing, and neither does a bundle that adapts nothing."""
    assert place().active
    assert place(mode="frozen").active
    assert not place(mode="off").active
    assert not place(features=False, scores=False).active


def test_calibration_needs_features() -> None:
    """Scores alone are learned over minutes: there is nothing to set at once."""
    with pytest.raises(ValueError, match="adapts no features"):
        place(features=False).calibrate(X[None], 6.0, utc_s=0.0)
    assert not place(features=False).forget_calibration()


def test_dates_of_a_calibration() -> None:
    """They come with it and go with it; the date of what was listened to stays."""
    known = place()
    known.calibrate(X[None], 6.0, utc_s=1.8e9)
    assert (known.calibrated, known.calibration_s) == (1.8e9, 6.0)
    known.since = 1.8e9
    assert known.forget_calibration()
    assert known.calibrated is None
    assert known.since is None
    known = learned(place())
    known.calibrate(X[None], 6.0, utc_s=1.9e9)
    assert known.forget_calibration()
    assert (known.calibrated, known.since) == (None, 1.8e9)
