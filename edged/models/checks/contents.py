"""Checks that geometries, labels and tables of a manifest fit each other.

Manifest ──geometry, labels, mean log scores, adaptation──► nothing, or ModelError with file and key
"""

from dataclasses import asdict
from pathlib import Path

from edged.errors import ModelError
from edged.features.geometry import GEOMETRY, geometry_of
from edged.models.manifest import FORMAT, Manifest, Values

FIRST_FORMAT = 1
SPEECH = "speech"  # the gate's label that opens it
_MIN_LABELS = 2  # one label is no decision


def check_contents(file: Path, manifest: Manifest) -> None:
    """Checks everything but the routes.

    Raises:
        ModelError: something does not fit; ``file`` is for the message.
    """
    _check_geometries(file, manifest)
    _check_labels(file, manifest)
    _check_mean_log_scores(file, manifest)
    _check_adaptation(file, manifest)


def _check_geometries(file: Path, manifest: Manifest) -> None:
    gate = manifest.gate
    if manifest.format == FIRST_FORMAT:
        later = {
            "trunk": manifest.trunk,
            "adaptation": manifest.adaptation,
            "dimensions": manifest.dimensions,
            "gate.geometry": gate and gate.geometry,
        }
        if given := [key for key, value in later.items() if value is not None]:
            raise ModelError(f"{file}: {given[0]} is given, expected format {FORMAT} with it")
        _check_same(file, "geometry", manifest.geometry)
        return
    try:
        geometry_of(manifest.geometry)
    except ValueError as exc:
        raise ModelError(f"{file}: geometry.{exc}") from exc
    if gate is not None:
        # The level of sound is measured in this geometry, so that the gate costs no third front end.
        if gate.geometry is None:
            _check_same(file, "geometry", manifest.geometry)
        else:
            _check_same(file, "gate.geometry", gate.geometry)


def _check_same(file: Path, where: str, values: Values) -> None:
    expected: dict[str, int | float] = asdict(GEOMETRY)
    for key in sorted(expected.keys() | values.keys()):
        if values.get(key) != expected.get(key):
            value, wanted = values.get(key, "absent"), expected.get(key, "no such key")
            other = ": the gate sees no other, give it a geometry of its own" if where == "geometry" else ""
            raise ModelError(f"{file}: {where}.{key} is {value}, expected {wanted}{other}")


def _check_labels(file: Path, manifest: Manifest) -> None:
    if len(manifest.labels) < _MIN_LABELS or len(set(manifest.labels)) != len(manifest.labels):
        raise ModelError(f"{file}: labels are {list(manifest.labels)}, expected at least two, each once")
    if not manifest.models:
        raise ModelError(f"{file}: models is empty, expected at least one")
    for name, model in manifest.models.items():
        unknown = set(model.labels) - set(manifest.labels)
        if unknown or len(model.labels) < _MIN_LABELS or len(set(model.labels)) != len(model.labels):
            raise ModelError(
                f"{file}: models.{name}.labels is {list(model.labels)}, expected two or more of {list(manifest.labels)}"
            )
    gate = manifest.gate
    if gate and (
        SPEECH not in gate.labels or len(gate.labels) < _MIN_LABELS or len(set(gate.labels)) < len(gate.labels)
    ):
        raise ModelError(f"{file}: gate.labels is {list(gate.labels)}, expected {SPEECH!r} beside others, each once")


def _check_mean_log_scores(file: Path, manifest: Manifest) -> None:
    labels = manifest.labels
    for routing, table in manifest.mean_log_scores.items():
        if table.keys() != set(labels) or any(len(row) != len(labels) for row in table.values()):
            raise ModelError(
                f"{file}: moods.{routing} has rows {list(table)}, expected {list(labels)}, {len(labels)} numbers each"
            )


def _check_adaptation(file: Path, manifest: Manifest) -> None:
    adaptation = manifest.adaptation
    what, why = ("features", "a trunk") if manifest.trunk else ("bands", "no trunk")
    if adaptation is not None and adaptation.of != what:
        raise ModelError(f"{file}: adaptation.of is {adaptation.of}, expected {what} in a bundle with {why}")
