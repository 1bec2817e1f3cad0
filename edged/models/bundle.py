"""A bundle of models, checked before it is used.

    directory ──bundle.json──► Manifest ──geometry, labels, routes, sha256 of each file──► Bundle, or ModelError

A bundle is a folder of ``.tflite`` files and their manifest.  The routes through the models are in the manifest, not in
the code: a bundle with other labels and other routes runs without a change here.  This module checks all that needs no
runtime, and names the file and key of each fault; ``interpreter.py`` checks the contents of the ``.tflite`` files.
"""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from edged.errors import ModelError
from edged.features.geometry import GEOMETRY

FORMAT = 1
SPEECH = "speech"  # the gate's label that opens it
DEFAULT_BUNDLE = Path(__file__).parent / "small"
_MIN_LABELS = 2  # one label is no decision
_MAX_LABELS = _MAX_MODELS = 32
_MAX_DEPTH = 16  # models that run one after the other
_MAX_MESSAGE = 200  # characters of the decoder's message
_MAX_BYTES = 16 * 2**20  # a model of 150,000 parameters has 0.2 MB; a file of gigabytes must not fill a Pi's memory

Routing = Literal["hard", "soft"]
Weight = Annotated[float, msgspec.Meta(ge=0, le=100)]
_Positive = Annotated[float, msgspec.Meta(gt=0, le=1000)]
Label = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
Labels = Annotated[tuple[Label, ...], msgspec.Meta(max_length=_MAX_LABELS)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}\Z")]  # goes into messages as it is


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file of the bundle and its outputs."""

    file: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}\.tflite\Z")]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    labels: Labels  # of its outputs, in their order
    parameters: Annotated[int, msgspec.Meta(gt=0)]
    multiply_adds: Annotated[int, msgspec.Meta(gt=0)]  # for one window
    temperature: Annotated[float, msgspec.Meta(ge=0.01, le=100)] = 1.0  # its scores are raised to 1/temperature


class GateModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file that detects speech, if the bundle has one."""

    file: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*\.tflite\Z")]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    labels: tuple[Label, ...]  # of its outputs, in their order; ``speech`` is one of them
    parameters: Annotated[int, msgspec.Meta(gt=0)]
    multiply_adds: Annotated[int, msgspec.Meta(gt=0)]  # for one window
    threshold: Annotated[float, msgspec.Meta(gt=0, lt=1)]  # score of ``speech`` from which a window holds speech


class AdaptationFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``adaptation`` in ``bundle.json``: the file of the statistics, and how the device uses them."""

    file: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}\.npz\Z")]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    of: Literal["features", "bands"]  # of the trunk's features, or of the mean level of each band of the image
    caution_s: _Positive
    prior_weight_s: _Positive
    power: _Positive


class Branch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next node of the hard route when these labels together have the greatest score."""

    labels: Labels
    then: "Node"


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model of the hard route and where its answer leads; a label in no branch ends the route."""

    model: Name
    branches: tuple[Branch, ...] = ()


class Routes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Both ways through the cascade, and the one that won on validation speakers."""

    default: Routing
    hard: Node
    soft: Annotated[dict[Name, Weight], msgspec.Meta(max_length=_MAX_MODELS)]  # model -> weight of its evidence


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``bundle.json``."""

    format: Annotated[int, msgspec.Meta(ge=0, le=999)]
    name: Name
    version: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.+-]{1,64}\Z")]
    created: str  # RFC 3339, UTC
    licence: str
    geometry: dict[
        Name, Annotated[int, msgspec.Meta(ge=0, le=10**9)] | float
    ]  # the fields of features.geometry.Geometry, all of them
    labels: Labels
    models: Annotated[dict[Name, Model], msgspec.Meta(max_length=_MAX_MODELS)]
    routes: Routes
    # By routing and true label the mean log scores of validation speakers, in nats; without them nothing adapts.
    mean_log_scores: dict[Routing, dict[Label, tuple[float, ...]]] = msgspec.field(default_factory=dict, name="moods")
    training: dict[str, Any]  # recipe, corpora with licences and speakers, seed, command, commit
    metrics: dict[str, Any]  # with their protocol
    versions: dict[str, str]  # of what trained and converted it
    gate: GateModel | None = None  # bundles without it are gated by level
    adaptation: AdaptationFile | None = None  # bundles without it adapt no features


@dataclass(frozen=True, slots=True)
class Bundle:
    """A checked manifest, and the models' bytes that match its hashes."""

    path: Path
    manifest: Manifest
    contents: dict[str, bytes]  # model name -> .tflite file
    gate: bytes | None = None  # the gate's file
    adaptation: bytes | None = None  # the file of the statistics

    @property
    def digest(self) -> str:
        """Identifies all that determines the scores: an adaptation belongs to one digest."""
        manifest = self.manifest
        decisive = [manifest.labels, manifest.models, manifest.routes, *filter(None, [manifest.adaptation])]
        return hashlib.sha256(msgspec.json.encode(decisive)).hexdigest()[:32]


def load_bundle(path: Path) -> Bundle:
    """The bundle in folder ``path``, with every file read and checked.

    Raises:
        ModelError: anything is missing, unreadable, of another geometry, or not what its hash says.
    """
    file = path / "bundle.json"
    manifest = _manifest(file, _content(file))
    if manifest.format != FORMAT:
        raise ModelError(f"{file}: format is {manifest.format}, expected {FORMAT}")
    _check_geometry(file, manifest)
    _check_labels(file, manifest)
    _check_routes(file, manifest)
    _check_mean_log_scores(file, manifest)
    contents = {
        name: _verified(path / model.file, model.sha256, f"models.{name}") for name, model in manifest.models.items()
    }
    gate, adaptation = (
        _verified(path / one.file, one.sha256, where) if one else None
        for where, one in (("gate", manifest.gate), ("adaptation", manifest.adaptation))
    )
    return Bundle(path, manifest, contents, gate, adaptation)


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


def _check_geometry(file: Path, manifest: Manifest) -> None:
    expected: dict[str, int | float] = asdict(GEOMETRY)
    for key in sorted(expected.keys() | manifest.geometry.keys()):
        if manifest.geometry.get(key) != expected.get(key):
            value = manifest.geometry.get(key, "absent")
            wanted = expected.get(key, "no such key")
            raise ModelError(f"{file}: geometry.{key} is {value}, expected {wanted}: this front end computes no other")


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


def _check_routes(file: Path, manifest: Manifest) -> None:
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
