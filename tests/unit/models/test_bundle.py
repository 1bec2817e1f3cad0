"""A bundle: files that are loaded as written, and files that are refused by name."""

import os
import pickle
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from edged.errors import ModelError
from edged.features.geometry import GEOMETRY, Geometry
from edged.models.bundle import BUNDLES, DEFAULT_BUNDLE, load_bundle
from tests.parts.models.bundles import CONTENT, gate, manifest, refusal, trunk, write_bundle, write_statistics

Change = Callable[[dict[str, Any]], object]
OTHER = asdict(Geometry(n_fft=400, hop=160, n_mels=80, n_bands=80, n_frames=300))


def test_load_valid(tmp_path: Path) -> None:
    """Labels, routes and bytes are loaded as written, with defaults for missing keys."""
    bundle = load_bundle(write_bundle(tmp_path))
    assert bundle.manifest.labels == ("calm", "tense", "loud", "flat")
    assert bundle.manifest.routes.hard.branches[1].then.model == "edge"
    assert bundle.manifest.models["all"].temperature == 1
    assert bundle.contents == dict.fromkeys(("all", "quiet", "edge"), CONTENT)
    assert (bundle.manifest.gate, bundle.gate) == (None, None)


def test_load_gate(tmp_path: Path) -> None:
    """A bundle may have a speech gate, which is loaded and verified like a model."""
    bundle = load_bundle(write_bundle(tmp_path, {**manifest(), "gate": gate(threshold=0.25)}))
    assert bundle.manifest.gate is not None
    assert bundle.manifest.gate.threshold == 0.25
    assert bundle.gate == CONTENT


def test_load_gate_flipped_byte(tmp_path: Path) -> None:
    """A gate that does not match its hash is refused under its own name."""
    write_bundle(tmp_path, {**manifest(), "gate": gate(file="gate.tflite")})
    (tmp_path / "gate.tflite").write_bytes(CONTENT[:-1])
    assert "(bundle.json, gate): the file was changed" in refusal(tmp_path)


def test_load_default_bundle() -> None:
    """The shipped bundle is valid, adapts its features and takes no more work than five networks did."""
    bundle = load_bundle(DEFAULT_BUNDLE)
    assert bundle.manifest.labels == ("angry", "disgust", "fear", "happy", "neutral", "sad")
    assert bundle.geometry == GEOMETRY
    assert bundle.manifest.adaptation is not None
    trunk = bundle.manifest.trunk
    assert trunk is not None
    models = bundle.manifest.models.values()
    assert trunk.parameters + sum(model.parameters for model in models) <= 5 * 150_000
    assert trunk.multiply_adds + sum(model.multiply_adds for model in models) <= 5 * 25_000_000
    assert bundle.manifest.gate is not None
    assert bundle.manifest.gate.parameters <= 20_000


def test_load_trunk(tmp_path: Path) -> None:
    """A trunk brings its geometry and the number of features, and is verified like a model."""
    values = {**manifest(), "geometry": OTHER, "trunk": trunk(width=5), "gate": gate(geometry=asdict(GEOMETRY))}
    bundle = load_bundle(write_bundle(tmp_path, values))
    assert bundle.geometry == Geometry(**OTHER)
    assert (bundle.n_features, bundle.trunk) == (10, CONTENT)


def test_load_without_trunk(tmp_path: Path) -> None:
    """Models without a trunk see the windows."""
    bundle = load_bundle(write_bundle(tmp_path))
    assert (bundle.geometry, bundle.n_features, bundle.trunk) == (GEOMETRY, None, None)


@pytest.mark.parametrize(("more", "of"), [({}, "features"), ({"trunk": trunk()}, "bands")])
def test_load_adaptation_of_what_is_not_there(tmp_path: Path, more: dict[str, Any], of: str) -> None:
    """Features are a trunk's, and bands those of the image that models without a trunk see."""
    values = {**manifest(), **more, "adaptation": write_statistics(tmp_path, of=of)}
    assert f"adaptation.of is {of}, expected" in refusal(write_bundle(tmp_path, values))


def test_load_format_1(tmp_path: Path) -> None:
    """Bundles of the first format still load."""
    bundle = load_bundle(write_bundle(tmp_path, {**manifest(), "format": 1, "gate": gate()}))
    assert (bundle.manifest.format, bundle.geometry) == (1, GEOMETRY)


def table(n_labels: int = 4, n_scores: int = 4) -> dict[str, list[float]]:
    """Mean log scores of this many labels."""
    return {label: [-1.0] * n_scores for label in ["calm", "tense", "loud", "flat"][:n_labels]}


def test_load_moods(tmp_path: Path) -> None:
    """Mean log scores for either routing are optional, under the key moods."""
    assert load_bundle(write_bundle(tmp_path / "without")).manifest.mean_log_scores == {}
    bundle = load_bundle(write_bundle(tmp_path / "with", {**manifest(), "moods": {"soft": table()}}))
    assert bundle.manifest.mean_log_scores["soft"]["loud"] == (-1, -1, -1, -1)


@pytest.mark.parametrize("wrong", [table(3), table(4, 3), {**table(), "joy": [-1.0] * 4}])
def test_load_moods_of_other_labels(tmp_path: Path, wrong: dict[str, list[float]]) -> None:
    """Missing labels, extra labels and missing scores are refused."""
    assert "moods.hard has rows" in refusal(write_bundle(tmp_path, {**manifest(), "moods": {"hard": wrong}}))


def test_digest_is_of_what_decides_scores(tmp_path: Path) -> None:
    """Version, card and table do not change the digest; a temperature does."""
    first = load_bundle(write_bundle(tmp_path / "first")).digest
    other = {**manifest(), "version": "2", "metrics": {"uar": 1}, "moods": {"hard": table()}}
    assert load_bundle(write_bundle(tmp_path / "other", other)).digest == first
    other = manifest()
    other["models"]["all"]["temperature"] = 1.5
    assert load_bundle(write_bundle(tmp_path / "other", other)).digest != first


@pytest.mark.parametrize("size", ["small", "large"])
def test_digest_in_another_process(size: str) -> None:
    """Reports of calls are made in workers, and are found again by the digest of the main process."""
    bundle = load_bundle(BUNDLES / size)
    assert pickle.loads(pickle.dumps(bundle)).digest == bundle.digest  # noqa: S301 -- bytes of this test


def test_digest_of_format_2(tmp_path: Path) -> None:
    """Trunk, adaptation, geometry and gate decide too; of the first format they are no part, so that it stays."""
    values = {**manifest(), "trunk": trunk(), "adaptation": write_statistics(tmp_path / "a", of="features")}
    values["gate"] = gate()

    def digest(name: str, **changed: object) -> str:
        write_statistics(tmp_path / name, of="features")
        return load_bundle(write_bundle(tmp_path / name, {**values, **changed})).digest

    digests = [
        digest("first"),
        digest("trunk", trunk=trunk(active_db=30.0)),
        digest("adaptation", adaptation={**values["adaptation"], "power": 0.5}),
        digest("gate", gate=gate(threshold=0.25)),
        digest("geometry", gate=gate(geometry=asdict(GEOMETRY)), geometry=OTHER),
    ]
    assert len(set(digests)) == len(digests)
    first = {**manifest(), "format": 1}
    one = load_bundle(write_bundle(tmp_path / "one", {**first, "gate": gate()}))
    other = load_bundle(write_bundle(tmp_path / "other", {**first, "gate": gate(threshold=0.25)}))
    assert one.digest == other.digest


@pytest.mark.parametrize("offset", [0, 10, len(CONTENT) - 1])
def test_load_flipped_byte(tmp_path: Path, offset: int) -> None:
    """One flipped bit anywhere in a model file is detected."""
    content = bytearray(CONTENT)
    content[offset] ^= 1
    (write_bundle(tmp_path) / "model.tflite").write_bytes(content)
    assert "model.tflite: sha256 is" in refusal(tmp_path)


def test_load_file_cut_off(tmp_path: Path) -> None:
    """A truncated download is detected."""
    (write_bundle(tmp_path) / "model.tflite").write_bytes(CONTENT[:-1])
    assert "the file was changed or cut off; install the bundle again" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["model.tflite", "bundle.json"])
def test_load_missing_file(tmp_path: Path, name: str) -> None:
    """The error names the missing file."""
    (write_bundle(tmp_path) / name).unlink()
    assert refusal(tmp_path) == f"{tmp_path / name}: No such file or directory, expected a readable file of the bundle"


def test_load_missing_folder(tmp_path: Path) -> None:
    """A missing folder in the config is an error."""
    assert "No such file or directory" in refusal(tmp_path / "none")


def test_load_folder_instead_of_file(tmp_path: Path) -> None:
    """A folder in place of a file is refused."""
    (write_bundle(tmp_path) / "model.tflite").unlink()
    (tmp_path / "model.tflite").mkdir()
    assert "Is a directory" in refusal(tmp_path)


def test_load_path_with_nul() -> None:
    """A path with a null byte is refused."""
    with pytest.raises(ModelError, match="null byte, expected a readable file"):
        load_bundle(Path("a\0b"))


def test_load_huge_file(tmp_path: Path) -> None:
    """A file of a gigabyte is refused without reading it."""
    os.truncate(write_bundle(tmp_path) / "model.tflite", 2**30)
    assert "model.tflite: larger than 16777216 bytes" in refusal(tmp_path)
