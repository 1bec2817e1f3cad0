"""A bundle with a trunk through the whole front half of the pipeline, on real speech."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from edged.config.load import parse_config
from edged.errors import ModelError
from edged.features.late_frames import LateFrames
from edged.features.logmel import Floats, FrontEnd, levels_of, relative_levels
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from edged.models.cascade import Cascade
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.classifier import Classification, WindowClassifier
from edged.pipeline.clip import ClipClassifier
from tests.parts.models.bundles import write_statistics
from tests.parts.models.trunk_bundles import Kind, expected_features, geometry_of_kind, trunk_bundle
from tests.parts.sound.speech import RATE_HZ, clips, noise

_OFF = parse_config("baseline: {mode: 'off'}", "test")
KINDS = pytest.mark.parametrize("kind", get_args(Kind))


@pytest.fixture(scope="module")
def spoken(corpora: Path) -> Floats:
    """Some clips in a row, with pauses between them."""
    pause = np.zeros(RATE_HZ, np.float32)
    return np.concatenate([part for clip in clips(corpora, "emodb", 5) for part in (clip, pause)])


def classified(bundle: Bundle, sound: Floats, cut: int, *, keep_up: bool = False) -> list[Classification]:
    """The windows of ``sound``, pushed in chunks of ``cut`` samples."""
    classifier = WindowClassifier(_OFF, bundle)
    chunks = range(0, len(sound), cut)
    windows = [one for at in chunks for one in classifier.classify(sound[at : at + cut], at, keep_up=keep_up)]
    return [*windows, *classifier.finish()]


def by_hand(bundle: Bundle, kind: Kind, sound: Floats, window: Classification) -> Floats:
    """The scores of ``window`` computed from the whole ``sound``."""
    geometry = geometry_of_kind(kind)
    if kind == "int8":
        features = expected_features(levels_of(window.window.image), kind)
    else:
        levels = FrontEnd(geometry).clip_levels(sound)[: window.window.end // geometry.hop + 1]
        features = expected_features(relative_levels(levels[-geometry.n_frames :], geometry), kind)
    return Cascade(bundle).answer(features).scores


@KINDS
def test_windows_have_the_scores_of_their_features(tmp_path: Path, spoken: Floats, kind: Kind) -> None:
    """Each window's answer is what the heads say of the features that the definition gives."""
    bundle = trunk_bundle(tmp_path, kind)
    windows = [one for one in classified(bundle, spoken, 5000) if one.answer is not None]
    assert len(windows) > 10
    for window in windows:
        assert window.answer is not None
        tolerance = 1e-3 if kind == "float" else 0.03  # a step of the int8 features
        np.testing.assert_allclose(window.answer.scores, by_hand(bundle, kind, spoken, window), atol=tolerance)
    assert np.ptp([window.answer.scores for window in windows if window.answer], axis=0).max() > 0.1


@KINDS
def test_cut_does_not_matter(tmp_path: Path, spoken: Floats, kind: Kind) -> None:
    """Chunk sizes change neither the windows nor the scores."""
    bundle = trunk_bundle(tmp_path, kind)
    reference = classified(bundle, spoken, 16_000)
    for cut in (700, len(spoken)):
        windows = classified(bundle, spoken, cut)
        assert [one.window.end for one in windows] == [one.window.end for one in reference]
        for one, other in zip(windows, reference, strict=True):
            assert (one.answer is None) == (other.answer is None)
            if one.answer is not None and other.answer is not None:
                np.testing.assert_allclose(one.answer.scores, other.answer.scores, atol=0.02)


def test_slow_device_skips_to_the_newest_windows(tmp_path: Path, spoken: Floats) -> None:
    """Of much sound at once the newest windows are classified, with the scores that they always have."""
    bundle = trunk_bundle(tmp_path, "float")
    all_of_them = {one.window.end: one for one in classified(bundle, spoken, 16_000)}
    newest = [one for one in classified(bundle, spoken, 10 * RATE_HZ, keep_up=True) if one.answer is not None]
    assert newest
    for one in newest:
        other = all_of_them[one.window.end].answer
        assert one.answer is not None
        assert other is not None
        np.testing.assert_allclose(one.answer.scores, other.scores, atol=1e-4)


def test_silence_computes_no_frames_of_the_trunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody speaks the second front end costs nothing."""

    def fail(_: LateFrames, end: int) -> Floats:
        raise AssertionError(f"a window that ends at {end} was asked for")

    monkeypatch.setattr(LateFrames, "window", fail)
    assert all(one.answer is None for one in classified(trunk_bundle(tmp_path, "float"), noise(8, 1e-6), 16_000))


def test_new_stream_after_a_gap(tmp_path: Path, spoken: Floats) -> None:
    """After lost samples, windows have the scores of what came after them alone."""
    bundle, late = trunk_bundle(tmp_path, "float"), 30 * RATE_HZ + 77
    classifier = WindowClassifier(_OFF, bundle)
    list(classifier.classify(noise(5), 0))
    after = [one.answer for one in classifier.classify(spoken, late) if one.answer is not None]
    classifier.restart()
    alone = [one.answer for one in classifier.classify(spoken, 0) if one.answer is not None]
    assert [one.scores.tolist() for one in after] == [one.scores.tolist() for one in alone]


def test_adaptation_is_between_trunk_and_heads(tmp_path: Path, spoken: Floats) -> None:
    """The features of this place are learned, and their shift changes what the heads see."""
    bundle = trunk_bundle(tmp_path, "float")
    config = parse_config("", "test")
    store = AdaptationStore(config, bundle)
    assert store.adaptation is not None
    assert store.adaptation.features is not None
    classifier = WindowClassifier(config, bundle, store.adaptation)
    answers = [one.answer for one in classifier.classify(spoken, 0) if one.answer is not None]
    assert store.adaptation.features.speech_s == pytest.approx(len(answers) * config.models.stride_s, rel=0.01)
    plain = [one.answer for one in WindowClassifier(_OFF, bundle).classify(spoken, 0) if one.answer is not None]
    np.testing.assert_allclose(answers[0].scores, plain[0].scores, atol=1e-5)  # nothing is learned yet
    assert np.abs(answers[-1].scores - plain[-1].scores).max() > 0.01


def test_adaptation_of_another_number_of_features(tmp_path: Path) -> None:
    """Statistics of another trunk are refused at the start, not at the first speech."""
    bundle = trunk_bundle(tmp_path, "float")
    described = write_statistics(tmp_path, of="features", centre=np.zeros(6))
    content = (tmp_path / described["file"]).read_bytes()
    bundle = replace(bundle, adaptation=content)
    with pytest.raises(ModelError, match=r"adaptation.npz: centre has 6 numbers, expected 8"):
        AdaptationStore(parse_config("", "test"), bundle)


@KINDS
def test_clip_has_one_answer(tmp_path: Path, corpora: Path, kind: Kind) -> None:
    """A whole recording, shorter and longer than a window, at once and in pieces."""
    classifier = ClipClassifier(parse_config("", "test"), trunk_bundle(tmp_path, kind))
    for clip in (clips(corpora, "emodb", 3)[1], np.concatenate(clips(corpora, "emodb", 3))):
        answers: list[Floats] = []
        for cut in (len(clip), 4000):
            classifier.restart()
            for at in range(0, len(clip), cut):
                classifier.add(clip[at : at + cut])
            classifier.finish()
            assert classifier.scores is not None
            answers.append(classifier.scores)
        np.testing.assert_allclose(answers[0], answers[1], atol=0.02)


def test_large_bundle(corpora: Path) -> None:
    """The shipped large bundle, where there is one, answers real speech with its own labels."""
    folder = DEFAULT_BUNDLE.parent / "large"
    if not (folder / "bundle.json").is_file():
        pytest.skip("no large bundle is installed")
    bundle = load_bundle(folder)
    assert bundle.n_features is not None
    classifier = ClipClassifier(parse_config("", "test"), bundle)
    labels = set()
    for clip in clips(corpora, "emodb", 12):
        classifier.restart()
        classifier.add(clip)
        classifier.finish()
        if classifier.scores is not None:
            assert classifier.scores.sum() == pytest.approx(1, abs=1e-5)
            labels.add(classifier.labels[int(classifier.scores.argmax())])
    assert len(labels) > 1
