"""The manifest of a bundle: each fault is refused with its file and key."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from edged.features.geometry import GEOMETRY, Geometry
from edged.models.bundle import load_bundle
from tests.parts.models.bundles import gate, manifest, refusal, trunk, write_bundle

Change = Callable[[dict[str, Any]], object]
OTHER = asdict(Geometry(n_fft=400, hop=160, n_mels=80, n_bands=80, n_frames=300))


def chain(depth: int) -> dict[str, Any]:
    """A route of this many models in sequence."""
    node: dict[str, Any] = {"model": "all"}
    for _ in range(depth - 1):
        node = {"model": "all", "branches": [{"labels": ["calm"], "then": node}]}
    return node


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


def test_load_long_route(tmp_path: Path) -> None:
    """The deepest allowed route loads."""
    values = manifest()
    values["routes"]["hard"] = chain(16)
    assert load_bundle(write_bundle(tmp_path, values)).manifest.routes.hard.model == "all"


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
