"""A bundle of models, checked before it is used.

    directory ──bundle.json──► Manifest ──geometry, labels, routes, sha256 of each file──► Bundle, or ModelError

A bundle is a folder of ``.tflite`` files and their manifest.  The routes through the models are in the manifest, not in
the code: a bundle with other labels and other routes runs without a change here.  This module checks all that needs no
runtime, and names the file and key of each fault; ``interpreter.py`` checks the contents of the ``.tflite`` files.
"""

import hashlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from edged.errors import ModelError
from edged.features.geometry import GEOMETRY, Geometry, geometry_of
from edged.models.manifest import (
    FORMAT,
    AdaptationFile,
    Branch,
    Dimension,
    DimensionName,
    GateModel,
    Label,
    Labels,
    Manifest,
    Model,
    Node,
    Routes,
    Routing,
    Trunk,
    Values,
)

__all__ = [
    "BUNDLES",
    "DEFAULT_BUNDLE",
    "FORMAT",
    "SPEECH",
    "AdaptationFile",
    "Branch",
    "Bundle",
    "Dimension",
    "DimensionName",
    "GateModel",
    "Label",
    "Labels",
    "Manifest",
    "Model",
    "Node",
    "Routes",
    "Routing",
    "Trunk",
    "check_routes",
    "load_bundle",
]

SPEECH = "speech"  # the gate's label that opens it
BUNDLES = Path(__file__).parent  # each shipped bundle in a folder named by its size
DEFAULT_BUNDLE = BUNDLES / "small"
_FIRST_FORMAT = 1
_MIN_LABELS = 2  # one label is no decision
_MAX_DEPTH = 16  # models that run one after the other
_MAX_MESSAGE = 200  # characters of the decoder's message
_MAX_BYTES = 16 * 2**20  # a trunk of 4 million parameters has 4.5 MB; a file of gigabytes must not fill a Pi's memory


@dataclass(frozen=True, slots=True)
class Bundle:
    """A checked manifest, and the models' bytes that match its hashes."""

    path: Path
    manifest: Manifest
    contents: dict[str, bytes]  # model name -> .tflite file
    gate: bytes | None = None  # the gate's file
    adaptation: bytes | None = None  # the file of the statistics
    trunk: bytes | None = None  # the trunk's file
    dimensions: dict[DimensionName, bytes] = field(default_factory=dict)  # the file of each dimension

    @property
    def digest(self) -> str:
        """Identifies all that determines the scores: an adaptation belongs to one digest."""
        manifest = self.manifest
        decisive = [manifest.labels, manifest.models, manifest.routes]
        if manifest.format > _FIRST_FORMAT:  # an adaptation to a bundle of format 1 outlives an update of edged
            decisive += [manifest.geometry, manifest.trunk, manifest.adaptation, manifest.gate]
        return hashlib.sha256(msgspec.json.encode(decisive)).hexdigest()[:32]

    @property
    def title(self) -> str:
        """Name and version: of a shipped bundle its size, of any other the name in its manifest."""
        name = self.path.name if self.path.parent == BUNDLES else self.manifest.name
        return f"{name} {self.manifest.version}"

    @property
    def geometry(self) -> Geometry:
        """Of the windows that the trunk sees, or the models where there is none."""
        return geometry_of(self.manifest.geometry)

    @property
    def n_features(self) -> int | None:
        """Features that the models see; None where they see windows."""
        trunk = self.manifest.trunk
        return 2 * trunk.width if trunk else None


def load_bundle(path: Path) -> Bundle:
    """The bundle in folder ``path``, with every file read and checked.

    Raises:
        ModelError: anything is missing, unreadable, of another geometry, or not what its hash says.
    """
    file = path / "bundle.json"
    manifest = _manifest(file, _content(file))
    if not _FIRST_FORMAT <= manifest.format <= FORMAT:
        raise ModelError(f"{file}: format is {manifest.format}, expected {_FIRST_FORMAT} to {FORMAT}")
    _check_geometries(file, manifest)
    _check_labels(file, manifest)
    check_routes(file, manifest)
    _check_mean_log_scores(file, manifest)
    _check_adaptation(file, manifest)
    contents = {
        name: _verified(path / model.file, model.sha256, f"models.{name}") for name, model in manifest.models.items()
    }
    gate, adaptation, trunk = (
        _verified(path / one.file, one.sha256, where) if one else None
        for where, one in (("gate", manifest.gate), ("adaptation", manifest.adaptation), ("trunk", manifest.trunk))
    )
    dimensions = {
        name: _verified(path / one.file, one.sha256, f"dimensions.{name}")
        for name, one in (manifest.dimensions or {}).items()
    }
    return Bundle(path, manifest, contents, gate, adaptation, trunk, dimensions)


def _verified(file: Path, sha256: str, where: str) -> bytes:
    content = _content(file)
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise ModelError(
            f"{file}: sha256 is {digest[:12]}…, expected {sha256[:12]}… (bundle.json, {where}): the file was changed or"
            " cut off; install the bundle again"
        )
    return content


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the path, as config.yaml may hold
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise ModelError(f"{file}: {reason}, expected a readable file of the bundle") from exc
    if len(content) > _MAX_BYTES:
        raise ModelError(f"{file}: larger than {_MAX_BYTES} bytes, expected a file of the bundle")
    return content


def _manifest(file: Path, content: bytes) -> Manifest:
    try:
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        # An unknown key stands in the message as it is in the file, with its line breaks.
        reason = str(exc).encode("unicode_escape").decode()[:_MAX_MESSAGE]
        raise ModelError(f"{file}: {reason or 'nested too deeply'}") from exc


def _check_geometries(file: Path, manifest: Manifest) -> None:
    gate = manifest.gate
    if manifest.format == _FIRST_FORMAT:
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


def check_routes(file: Path, manifest: Manifest) -> None:
    """Checks that ``routes`` fit the models.

    Raises:
        ModelError: they do not; ``file`` is for the message.
    """
    unknown = set(manifest.routes.soft) - set(manifest.models)
    if unknown or not any(manifest.routes.soft.values()):
        raise ModelError(
            f"{file}: routes.soft is {manifest.routes.soft}, expected weights of {sorted(manifest.models)}, one above 0"
        )
    _check_node(file, manifest, manifest.routes.hard, "routes.hard")
    first = manifest.models[manifest.routes.hard.model]
    if set(first.labels) != set(manifest.labels):
        raise ModelError(
            f"{file}: routes.hard.model is {manifest.routes.hard.model!r}, expected a model that answers all labels"
        )


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


def _check_node(file: Path, manifest: Manifest, node: Node, where: str) -> None:
    if node.model not in manifest.models:
        raise ModelError(f"{file}: {where}.model is {node.model!r}, expected one of {sorted(manifest.models)}")
    if where.count(".then") == _MAX_DEPTH:
        raise ModelError(f"{file}: routes.hard is deeper than {_MAX_DEPTH} models, expected a route that ends")
    labels = list(manifest.models[node.model].labels)
    seen: set[str] = set()
    for index, branch in enumerate(node.branches):
        path = f"{where}.branches[{index}]"
        once = len(set(branch.labels)) == len(branch.labels)
        if not branch.labels or not once or not set(branch.labels) <= set(labels) - seen:
            raise ModelError(
                f"{file}: {path}.labels is {list(branch.labels)}, expected some of {labels}, each in one branch only"
            )
        seen |= set(branch.labels)
        _check_node(file, manifest, branch.then, f"{path}.then")
