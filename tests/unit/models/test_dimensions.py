"""Dimensions beside the labels: read with the bundle, run on what the models see, and never anything but four."""

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from edged.contract.fields import DIMENSIONS
from edged.errors import ModelError
from edged.models.bundle import DEFAULT_BUNDLE, DimensionName, load_bundle
from edged.models.cascade import Cascade
from edged.models.interpreter import Runtime, installed_runtimes
from tests.parts.models.bundles import NETWORKS, manifest, write_bundle
from tests.parts.models.trunk_bundles import EIGHT, Kind, eight_label_bundle
from tests.tools.tiny_models import weights

BOTH = pytest.mark.parametrize("runtime", installed_runtimes())


@BOTH
@pytest.mark.parametrize(("kind", "scale", "tolerance"), [("float", 4.0, 1e-5), ("int8", 0.1, 0.03)])
def test_dimensions_are_of_the_features(
    tmp_path: Path, kind: Kind, scale: float, tolerance: float, runtime: Runtime
) -> None:
    """Each a number from 0 to 1, of the features without the shift; the label stays that of the models."""
    features = np.random.default_rng(0).uniform(0, 1 / scale, 8).astype(np.float32)
    cascade = Cascade(eight_label_bundle(tmp_path, kind), runtime=runtime)
    answer = cascade.answer(features)
    expected = 1 / (1 + np.exp(-(features @ weights(1, scale))[0]))
    assert set(answer.dimensions) == set(DIMENSIONS)
    assert all(value == pytest.approx(expected, abs=tolerance) for value in answer.dimensions.values())
    assert answer.label == EIGHT[(features @ weights(8, scale)).argmax()]
    shifted = cascade.answer(features, shift=features)
    assert shifted.dimensions["arousal"] == pytest.approx(0.5, abs=tolerance)


@pytest.mark.parametrize("path", [DEFAULT_BUNDLE, NETWORKS])
def test_bundles_without_dimensions_give_none(path: Path) -> None:
    """As the shipped ones do."""
    bundle = load_bundle(path)
    seen = np.zeros((188, 64), np.int8) if bundle.n_features is None else np.zeros(bundle.n_features, np.float32)
    assert not Cascade(bundle).answer(seen).dimensions


def test_dimension_of_an_image(tmp_path: Path) -> None:
    """Without a trunk a dimension must take the image, as a model does; a head of features is refused by name."""
    bundle = eight_label_bundle(tmp_path, "int8")
    values = json.loads((tmp_path / "bundle.json").read_text())
    del values["trunk"], values["adaptation"]
    (tmp_path / "bundle.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match=r"head_int8_8\.tflite: inputs are int8 \(1, 8\)"):
        Cascade(load_bundle(tmp_path))
    assert bundle.dimensions.keys() == set(DIMENSIONS)


@pytest.mark.parametrize("name", ["gender", "speaker", "age"])
def test_who_speaks_is_no_dimension(tmp_path: Path, name: str) -> None:
    """Such a bundle is refused, whatever its file gives."""
    eight_label_bundle(tmp_path)
    values = json.loads((tmp_path / "bundle.json").read_text())
    values["dimensions"][name] = values["dimensions"]["arousal"]
    (tmp_path / "bundle.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match=f"'{name}'"):
        load_bundle(tmp_path)


def test_dimensions_are_those_of_the_contract() -> None:
    """Every name that a bundle may have has a field, and no other."""
    assert get_args(DimensionName) == DIMENSIONS


def test_damaged_dimension_is_refused(tmp_path: Path) -> None:
    """Its file is checked as any other."""
    eight_label_bundle(tmp_path)
    (tmp_path / "dimension_float.tflite").write_bytes(b"damaged")
    with pytest.raises(ModelError, match=r"dimensions\.intensity"):
        load_bundle(tmp_path)


def test_format_1_has_none(tmp_path: Path) -> None:
    """An older program would not know them."""
    dimension = {"file": "model.tflite", "sha256": "0" * 64, "parameters": 1, "multiply_adds": 1}
    values = {**manifest(), "format": 1, "dimensions": {"arousal": dimension}}
    with pytest.raises(ModelError, match="dimensions is given, expected format 2"):
        load_bundle(write_bundle(tmp_path, values))
