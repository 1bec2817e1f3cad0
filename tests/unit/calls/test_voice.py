"""Two passes over a call: what they make in blocks, against the definition window by window."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edged.calls.analysis import analyse
from edged.calls.settings import CallSettings
from edged.calls.sound.parties import Parties
from edged.calls.sound.rows import Rows
from edged.calls.sound.windows import at_stride
from edged.calls.voice import feature_adaptation, freeze, second_pass
from edged.config.structs import Config
from edged.features.logmel import Floats
from edged.models.bundle import BUNDLES, Bundle, load_bundle
from edged.models.cascade import Cascade
from edged.models.interpreter import reals_in
from edged.pipeline.classifier import WindowClassifier
from tests.parts.calls.composed import ESCALATES, call, write


def settings(bundle: Bundle) -> CallSettings:
    """For a stereo call with the customer on the left."""
    return CallSettings(config=Config(), bundle=bundle, customer="left")


def by_definition(file: Path, bundle: Bundle) -> Floats:
    """(n, n_labels) scores of the windows with speech, classified as live sound is, 0.3 s at a time, and once more."""
    given = settings(bundle)
    classifier = WindowClassifier(at_stride(given.config), bundle)
    with Parties(file, given) as parties:
        customer = np.concatenate([sound.customer for sound in parties.sound()])
    edges = [*range(0, len(customer), 4_800), len(customer)]
    windows = [one for at, to in pairwise(edges) for one in classifier.classify(customer[at:to], at)]
    seen = [reals_in(one.seen) for one in [*windows, *classifier.finish()] if one.seen is not None]
    voice = feature_adaptation(bundle, given.config)
    assert voice is not None
    assert voice.features is not None
    for one in seen:
        scores = classifier.cascade.answer(one, voice.features.shift).scores
        voice.features.learn(one, scores, given.config.calls.stride_s)
    freeze(voice, given.config)
    corrected = np.stack([classifier.cascade.answer(one, voice.features.shift).scores for one in seen])
    as_it_came = np.stack([classifier.cascade.answer(one).scores for one in seen])
    return voice.features.published(corrected, as_it_came)


@pytest.mark.parametrize("name", ["small", "large"])
def test_report_has_the_scores_of_the_definition(tmp_path: Path, name: str) -> None:
    """Frames in blocks and features kept for both passes change no score beyond rounding."""
    file, bundle = write(tmp_path / "call.wav", call(ESCALATES)[: 16_000 * 40]), load_bundle(BUNDLES / name)
    report = analyse(file, settings(bundle))
    scores = [[window.scores[label] for label in bundle.manifest.labels] for window in report.windows if window.scores]
    np.testing.assert_allclose(scores, by_definition(file, bundle), atol=2e-3)  # the report has three or four digits


def test_second_pass_of_nothing() -> None:
    """A call without speech teaches nothing and has no scores."""
    bundle = load_bundle(BUNDLES / "small")
    voice = feature_adaptation(bundle, Config())
    assert voice is not None
    assert second_pass(Cascade(bundle), Config(), Rows(), voice, 1.5).shape == (0, 0)
