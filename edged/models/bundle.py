"""A bundle of models, checked before it is used.

    directory ──bundle.json──► Manifest ──geometry, labels, routes, sha256 of each file──► Bundle, or ModelError

A bundle is a folder of ``.tflite`` files and their manifest.  The routes through the models are in the manifest, not in
the code: a bundle with other labels and other routes runs without a change here.  Everything that needs no runtime is
checked here and in ``checks``, and an error names file and key; ``interpreter.py`` checks the contents of the
``.tflite`` files.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from edged.decoding import MALFORMED
from edged.errors import ModelError
from edged.features.geometry import Geometry, geometry_of
from edged.models.checks.contents import FIRST_FORMAT, SPEECH, check_contents
from edged.models.checks.routes import check_routes
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

BUNDLES = Path(__file__).parent  # each shipped bundle in a folder named by its size
DEFAULT_BUNDLE = BUNDLES / "small"
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
        """Identifies everything that determines the scores: an adaptation belongs to one digest."""
        manifest = self.manifest
        decisive = [manifest.labels, manifest.models, manifest.routes]
        if manifest.format > FIRST_FORMAT:  # an adaptation to a bundle of format 1 outlives an update of edged
            decisive += [manifest.geometry, manifest.trunk, manifest.adaptation, manifest.gate]
        return hashlib.sha256(msgspec.json.encode(decisive)).hexdigest()[:32]

    @property
    def title(self) -> str:
        """Name and version; a shipped bundle is named by its size, any other as in its manifest."""
        name = self.path.name if self.path.parent == BUNDLES else self.manifest.name
        return f"{name} {self.manifest.version}"

    @property
    def geometry(self) -> Geometry:
        """The geometry of the windows that the trunk gets, or the models if there is no trunk."""
        return geometry_of(self.manifest.geometry)

    @property
    def n_features(self) -> int | None:
        """The number of features that the models get; None if they get windows."""
        trunk = self.manifest.trunk
        return 2 * trunk.width if trunk else None


def load_bundle(path: Path) -> Bundle:
    """The bundle in folder ``path``, with every file read and checked.

    Raises:
        ModelError: anything is missing, unreadable, of another geometry, or not what its hash says.
    """
    file = path / "bundle.json"
    manifest = _manifest(file, _content(file))
    if not FIRST_FORMAT <= manifest.format <= FORMAT:
        raise ModelError(f"{file}: format is {manifest.format}, expected {FIRST_FORMAT} to {FORMAT}")
    check_contents(file, manifest)
    check_routes(file, manifest)
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
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the path, which config.yaml may contain
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise ModelError(f"{file}: {reason}, expected a readable file of the bundle") from exc
    if len(content) > _MAX_BYTES:
        raise ModelError(f"{file}: larger than {_MAX_BYTES} bytes, expected a file of the bundle")
    return content


def _manifest(file: Path, content: bytes) -> Manifest:
    try:
        return msgspec.json.decode(content, type=Manifest)
    except MALFORMED as exc:
        # An unknown key stands in the message as it is in the file, with its line breaks.
        reason = str(exc).encode("unicode_escape").decode()[:_MAX_MESSAGE]
        raise ModelError(f"{file}: {reason or 'nested too deeply'}") from exc
