"""Bundle validation: each fault is refused with its file and key."""

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from edged.errors import ModelError
from edged.features.geometry import GEOMETRY, Geometry
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.models.bundles import CONTENT, gate, manifest, trunk, write_bundle, write_statistics

Change = Callable[[dict[str, Any]], object]
OTHER = asdict(Geometry(n_fft=400, hop=160, n_mels=80, n_bands=80, n_frames=300))


def refusal(folder: Path) -> str:
    """The error for the bundle in ``folder``: one line that names a file."""
    with pytest.raises(ModelError) as caught:
        load_bundle(folder)
    message = str(caught.value)
    assert caught.value.exit_status == 78
    assert "\n" not in message
    assert message.startswith(str(folder))
    assert len(message.removeprefix(str(folder))) < 2000
    return message


def chain(depth: int) -> dict[str, Any]:
    """A route of this many models in sequence."""
    node: dict[str, Any] = {"model": "all"}
    for _ in range(depth - 1):
        node = {"model": "all", "branches": [{"labels": ["calm"], "then": node}]}
    return node


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


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"labels": ["other", "voice"]}, "gate.labels is ['other', 'voice'], expected 'speech' beside others"),
        ({"labels": ["speech"]}, "gate.labels is ['speech'], expected 'speech' beside others"),
        ({"labels": ["speech", "speech"]}, "each once"),
        ({"threshold": 0}, "$.gate.threshold"),
        ({"threshold": 1}, "$.gate.threshold"),
        ({"file": "../gate.tflite"}, "$.gate.file"),
        ({"sha256": "0"}, "$.gate.sha256"),
        ({"parameters": 0}, "$.gate.parameters"),
        ({"temperature": 1}, "unknown field `temperature`"),
    ],
)
def test_load_gate_wrong(tmp_path: Path, changed: dict[str, object], expected: str) -> None:
    """Each fault of the gate is refused with its location."""
    write_bundle(tmp_path, {**manifest(), "gate": gate(**changed)})
    assert expected in refusal(tmp_path)


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


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda m: m["geometry"].update(hop=128), "geometry.hop is 128, expected 256"),
        (lambda m: m["geometry"].update(f_max_hz=7600.0), "geometry.f_max_hz is 7600.0, expected 8000.0"),
        (lambda m: m["geometry"].pop("n_mels"), "geometry.n_mels is absent, expected 128"),
        (lambda m: m["geometry"].update(delta=1), "geometry.delta is 1, expected no such key"),
        (lambda m: m.update(trunk=trunk()), "trunk is given, expected format 2 with it"),
        (lambda m: m.update(gate=gate(geometry=asdict(GEOMETRY))), "gate.geometry is given, expected format 2 with it"),
    ],
)
def test_load_format_1_wrong(tmp_path: Path, change: Change, expected: str) -> None:
    """The first format has one geometry, and neither trunk nor adaptation."""
    values = {**manifest(), "format": 1}
    change(values)
    assert expected in refusal(write_bundle(tmp_path, values))


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


def test_load_long_route(tmp_path: Path) -> None:
    """The deepest allowed route loads."""
    values = manifest()
    values["routes"]["hard"] = chain(16)
    assert load_bundle(write_bundle(tmp_path, values)).manifest.routes.hard.model == "all"


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


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"not json at all", b'{"format": NaN}'])
def test_load_not_a_manifest(tmp_path: Path, content: bytes) -> None:
    """Content that is not a JSON object is refused with the file's name."""
    (write_bundle(tmp_path) / "bundle.json").write_bytes(content)
    assert refusal(tmp_path).startswith(f"{tmp_path / 'bundle.json'}: ")


@pytest.mark.parametrize("opening", ["[", '{"training":', '{"routes":{"hard":{"branches":[{"then":'])
def test_load_nested_deeply(tmp_path: Path, opening: str) -> None:
    """A hundred thousand levels of nesting are refused without a crash."""
    (write_bundle(tmp_path) / "bundle.json").write_text(opening * 100_000)
    refusal(tmp_path)


@pytest.mark.parametrize("key", sorted(manifest()))
def test_load_missing_key(tmp_path: Path, key: str) -> None:
    """Every key of the manifest is required."""
    values = manifest()
    del values[key]
    write_bundle(tmp_path, values)
    assert f"`{key}`" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda m: m.update(format=0), "format is 0, expected 1 to 2"),
        (lambda m: m.update(format=3), "format is 3, expected 1 to 2"),
        (lambda m: m.update(extra=1), "unknown field `extra`"),
        (lambda m: m.update(labels="calm"), "$.labels"),
        (lambda m: m["geometry"].update(hop=128), "geometry.n_frames is 188, expected as many as make a window of"),
        (lambda m: m["geometry"].update(f_max_hz=76e3), "geometry.f_max_hz is 76000.0, expected a number from 4001"),
        (lambda m: m["geometry"].pop("n_mels"), "geometry.n_mels is absent, expected a whole number from 8 to 256"),
        (lambda m: m["geometry"].update(delta=1), "geometry.delta is 1, expected no such key"),
        (lambda m: m.update(gate=gate(), geometry=OTHER), "geometry.hop is 160, expected 256: the gate sees no other"),
        (lambda m: m.update(gate=gate(geometry=OTHER)), "gate.geometry.hop is 160, expected 256"),
        (lambda m: m.update(gate=gate(geometry={})), "gate.geometry.f_max_hz is absent, expected 8000.0"),
        (lambda m: m.update(trunk=trunk(width=0)), "$.trunk.width"),
        (lambda m: m.update(trunk=trunk(width=2049)), "$.trunk.width"),
        (lambda m: m.update(trunk=trunk(active_db=0)), "$.trunk.active_db"),
        (lambda m: m.update(trunk=trunk(file="../t.tflite")), "$.trunk.file"),
        (lambda m: m.update(trunk=trunk(file="none.tflite")), "none.tflite: No such file or directory"),
        (lambda m: m.update(trunk=trunk(sha256="0" * 64)), "(bundle.json, trunk): the file was changed"),
        (lambda m: m.update(trunk=trunk(layers=2)), "unknown field `layers`"),
        (lambda m: m.update(trunk={}), "$.trunk"),
        (lambda m: m.update(labels=["calm"]), "expected at least two, each once"),
        (lambda m: m.update({"a\nb": 1}), r"unknown field `a\nb`"),
        (lambda m: m.update({"k" * 10_000: 1}), "unknown field `kkk"),
        (lambda m: m.update(format=10**4000), "$.format"),
        (lambda m: m["geometry"].update({"a\nb": 1}), "$.geometry"),
        (lambda m: m["geometry"].update(hop=10**4000), "$.geometry"),
        (lambda m: m["models"].update({"a\nb": m["models"]["all"]}), "$.models"),
        (lambda m: m["models"].update({f"m{n}": m["models"]["all"] for n in range(99)}), "length <= 32"),
        (lambda m: m["labels"].extend(f"l{n}" for n in range(99)), "length <= 32"),
        (lambda m: m["routes"].update(hard=chain(17)), "routes.hard is deeper than 16 models"),
        (lambda m: m["labels"].append("calm"), "expected at least two, each once"),
        (lambda m: m["labels"].__setitem__(0, "Calm\n"), "$.labels"),
        (lambda m: m.update(models={}), "models is empty"),
        (lambda m: m["models"]["quiet"].update(labels=["calm", "other"]), "models.quiet.labels is ['calm', 'other']"),
        (lambda m: m["models"]["quiet"].update(labels=["calm", "calm"]), "expected two or more of"),
        (lambda m: m["models"]["quiet"].update(labels=["calm"]), "expected two or more of"),
        (lambda m: m["models"]["all"].update(file="../model.tflite"), ".file"),
        (lambda m: m["models"]["all"].update(file="/etc/passwd"), ".file"),
        (lambda m: m["models"]["all"].update(file="model.tflite\n"), ".file"),
        (lambda m: m["models"]["all"].update(file=".tflite"), ".file"),
        (lambda m: m["models"]["all"].update(sha256="0" * 63), ".sha256"),
        (lambda m: m["models"]["all"].update(temperature=0), ".temperature"),
        (lambda m: m["models"]["all"].update(parameters=0), ".parameters"),
        (lambda m: m["routes"].update(default="both"), "$.routes.default"),
        (lambda m: m["routes"]["soft"].update(other=1.0), "routes.soft is"),
        (lambda m: m["routes"].update(soft={"all": 0.0}), "one above 0"),
        (lambda m: m["routes"].update(soft={}), "one above 0"),
        (lambda m: m["routes"]["soft"].update(all=-1.0), "$.routes.soft"),
        (lambda m: m["routes"]["hard"].update(model="other"), "routes.hard.model is 'other', expected one of"),
        (lambda m: m["routes"].update(hard={"model": "quiet"}), "expected a model that answers all labels"),
        (
            lambda m: m["routes"]["hard"]["branches"][0]["then"].update(model="other"),
            "routes.hard.branches[0].then.model is 'other'",
        ),
        (lambda m: m["routes"]["hard"]["branches"][1].update(labels=[]), "routes.hard.branches[1].labels is []"),
        (lambda m: m["routes"]["hard"]["branches"][1].update(labels=["flat"]), "each in one branch only"),
        (lambda m: m["routes"]["hard"]["branches"][1].update(labels=["loud", "loud"]), "each in one branch only"),
        (lambda m: m["routes"]["hard"]["branches"][1].update(labels=["other"]), "each in one branch only"),
    ],
)
def test_load_wrong_value(tmp_path: Path, change: Change, expected: str) -> None:
    """Each fault is refused with its location."""
    values = manifest()
    change(values)
    write_bundle(tmp_path, values)
    assert expected in refusal(tmp_path)
