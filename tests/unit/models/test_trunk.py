"""Trunks in both runtimes, against a computation by hand; files that do not fit are refused."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pytest

from edged.errors import ModelError
from edged.features.geometry import Geometry
from edged.features.logmel import Floats, FrontEnd, int8_input, levels_of, steps_of
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from edged.models.cascade import Cascade
from edged.models.interpreter import Runtime, installed_runtimes
from edged.models.trunk import Trunk
from tests.parts.models.trunk_bundles import Kind, expected_features, geometry_of_kind, trunk_bundle
from tests.parts.sound.speech import clips

BOTH = pytest.mark.parametrize("runtime", installed_runtimes())


def levels(geometry: Geometry, seed: int = 0) -> Floats:
    """A window with sound from frame 40 on, and with a second burst that is not active at 30 dB."""
    made = np.full((geometry.n_frames, geometry.n_bands), -80.0, np.float32)
    rng = np.random.default_rng(seed)
    made[40:120] = rng.uniform(-40, -3, (80, geometry.n_bands))
    made[140:160] = rng.uniform(-75, -60, (20, geometry.n_bands))
    made[50, 5] = 0
    return made


@BOTH
def test_features_of_log_mel(tmp_path: Path, runtime: Runtime) -> None:
    """A float trunk sees Whisper's scale; its outputs are pooled over active positions only."""
    trunk = Trunk(trunk_bundle(tmp_path, "float"), runtime=runtime)
    for seed in (0, 1):
        window = levels(geometry_of_kind("float"), seed)
        np.testing.assert_allclose(trunk.features(window), expected_features(window, "float"), atol=2e-5)


@BOTH
def test_features_of_image(tmp_path: Path, runtime: Runtime) -> None:
    """An int8 trunk sees the image as it is; its outputs are exact to a step, also at the shorter last position."""
    bundle = trunk_bundle(tmp_path, "int8")
    trunk = Trunk(bundle, runtime=runtime)
    window = levels(bundle.geometry)
    window[184:] = -10.0
    image = int8_input(steps_of(window))
    expected = expected_features(levels_of(image), "int8")
    np.testing.assert_allclose(trunk.features(image), expected, atol=0.7 * bundle.geometry.quantum_db)


@BOTH
@pytest.mark.parametrize("kind", get_args(Kind))
def test_features_keep_no_view(tmp_path: Path, kind: Kind, runtime: Runtime) -> None:
    """Earlier features survive the next run, and equal windows have equal features."""
    bundle = trunk_bundle(tmp_path, kind)
    trunk = Trunk(bundle, runtime=runtime)
    windows = [levels(bundle.geometry, seed) for seed in range(3)]
    first = trunk.features(windows[0])
    copy = first.copy()
    for window in windows[1:]:
        trunk.features(window)
    np.testing.assert_array_equal(first, copy)
    np.testing.assert_array_equal(trunk.features(windows[0]), copy)


def test_features_are_the_same_for_image_and_levels(tmp_path: Path) -> None:
    """Either form of a window is taken."""
    trunk = Trunk(trunk_bundle(tmp_path, "int8"), runtime=installed_runtimes()[0])
    image = int8_input(steps_of(levels(geometry_of_kind("int8"))))
    np.testing.assert_array_equal(trunk.features(levels_of(image)), trunk.features(image))


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="tflite-runtime has no wheels from Python 3.12 on")
def test_shipped_trunk_is_the_same_in_both_runtimes(corpora: Path) -> None:
    """On real speech: kernels round int8 differently by a step here and there, which moves no score by a twentieth."""
    bundle, front_end = load_bundle(DEFAULT_BUNDLE), FrontEnd()
    images = [
        int8_input(front_end.image(front_end.clip_levels(clip)[: bundle.geometry.n_frames]))
        for corpus in ("emodb", "ravdess")
        for clip in clips(corpora, corpus, 12)
    ]
    scores = []
    for runtime in get_args(Runtime):
        trunk, cascade = Trunk(bundle, runtime=runtime), Cascade(bundle, runtime=runtime)
        scores.append(np.array([cascade.answer(trunk.features(image)).scores for image in images]))
    assert np.abs(scores[0] - scores[1]).max() < 0.05
    assert len(set(scores[0].argmax(axis=1))) > 1


def without_trunk(bundle: Bundle) -> Bundle:
    """The bundle, without its trunk."""
    return replace(bundle, manifest=msgspec.structs.replace(bundle.manifest, trunk=None), trunk=None)


def of_width(bundle: Bundle, width: int) -> Bundle:
    """The bundle, with another width in its manifest."""
    assert bundle.manifest.trunk is not None
    trunk = msgspec.structs.replace(bundle.manifest.trunk, width=width)
    return replace(bundle, manifest=msgspec.structs.replace(bundle.manifest, trunk=trunk))


@BOTH
def test_trunk_that_does_not_fit(tmp_path: Path, runtime: Runtime) -> None:
    """Each fault is named: no trunk, another width, windows of another geometry, bytes that are no model."""
    as_float, as_int8 = trunk_bundle(tmp_path / "float", "float"), trunk_bundle(tmp_path / "int8", "int8")
    for bundle, expected in (
        (without_trunk(as_float), "no trunk in bundle.json"),
        (of_width(as_float, 5), r"outputs are float32 \(1, 150, 4\), expected \(1, n_positions, 5\)"),
        (of_width(as_float, 2), r"outputs are float32 \(1, 150, 4\), expected \(1, n_positions, 2\)"),
        (of_width(as_int8, 24), r"outputs are int8 \(1, 24, 1, 4\), expected \(1, n_positions, 24\)"),
        (replace(as_float, trunk=as_int8.trunk), r"inputs are int8 \(1, 188, 64, 1\), expected int8 \(1, 300, 80, 1\)"),
        (replace(as_int8, trunk=as_float.trunk), r"inputs are float32 \(1, 300, 80\), expected float32 \(1, 188, 64\)"),
        (replace(as_float, trunk=b"no model"), f"model trunk_float.tflite: {runtime} cannot load it"),
    ):
        with pytest.raises(ModelError, match=expected):
            Trunk(bundle, runtime=runtime)
