"""The result of a training on a user's labels: files, their sizes, the cascade; to plain values and back.

Parts ──as_values──► plain values, for JSON ──from_values──► Parts ──draft──► a bundle without calibration
"""

import base64
import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from convert.recipes.cascade import Cascade
from convert.recipes.spec import HeadsSpec
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from edged.models.bundle import (
    BUNDLES,
    FORMAT,
    AdaptationFile,
    Bundle,
    Dimension,
    DimensionName,
    Manifest,
    Model,
    Node,
    Routes,
    load_bundle,
)

ADAPTATION = "adaptation.npz"


@dataclass(frozen=True, slots=True)
class Parts:
    """The models of one training."""

    cascade: Cascade
    contents: dict[str, bytes]  # .tflite by model
    sizes: dict[str, dict[str, int]]  # parameters and multiply_adds by model
    adaptation: bytes | None  # .npz of the statistics, where the models are heads on a trunk
    epochs: dict[str, Any]  # by model the chosen one, where one is chosen
    dimensions: dict[DimensionName, bytes] = dataclasses.field(default_factory=dict)  # their files by name

    def as_values(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "tasks": {task: list(labels) for task, labels in self.cascade.tasks.items()},
            "hard": msgspec.to_builtins(self.cascade.hard),
            "contents": _encoded(self.contents),
            "dimensions": _encoded(self.dimensions),
            "sizes": self.sizes,
            "adaptation": self.adaptation and base64.b64encode(self.adaptation).decode(),
            "epochs": self.epochs,
        }


def from_values(values: dict[str, Any]) -> Parts:
    """The parts of which ``as_values`` made ``values``."""
    cascade = Cascade(
        {task: tuple(labels) for task, labels in values["tasks"].items()}, msgspec.convert(values["hard"], Node)
    )
    contents, dimensions = (
        {name: base64.b64decode(text) for name, text in values[part].items()} for part in ("contents", "dimensions")
    )
    adaptation = values["adaptation"] and base64.b64decode(values["adaptation"])
    return Parts(cascade, contents, values["sizes"], adaptation, values["epochs"], dimensions)


def _encoded(contents: Mapping[Any, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(content).decode() for name, content in contents.items()}


def shipped(size: str) -> Bundle:
    """The bundle whose trunk the heads of this size stand on.

    Raises:
        ModelError: it is damaged.
        UsageError: it has no trunk.
    """
    found = load_bundle(BUNDLES / size)
    if found.trunk is None:
        raise UsageError(f"{found.path}: no trunk in bundle.json, expected the shipped bundle")
    return found


def draft(parts: Parts, name: str, spec: HeadsSpec | None, size: str) -> Bundle:
    """A bundle of ``parts`` without calibration, metrics, origin; ``spec``: of heads on the trunk of ``size``."""
    models = {
        task: Model(
            file=f"{task}.tflite",
            sha256=hashlib.sha256(parts.contents[task]).hexdigest(),
            labels=labels,
            **parts.sizes[task],
        )
        for task, labels in parts.cascade.tasks.items()
    }
    dimensions = {
        name: Dimension(file=f"{name}.tflite", sha256=hashlib.sha256(content).hexdigest(), **parts.sizes[name])
        for name, content in parts.dimensions.items()
    }
    below = shipped(size) if spec else None
    adaptation = None
    if spec is not None and parts.adaptation is not None:
        adaptation = AdaptationFile(
            file=ADAPTATION,
            sha256=hashlib.sha256(parts.adaptation).hexdigest(),
            of="features",
            caution_s=spec.caution_s,
            prior_weight_s=spec.prior_weight_s,
            power=spec.power,
            share=spec.share,
        )
    manifest = Manifest(
        format=FORMAT,
        name=name,
        version="1",
        created="",
        licence="",
        geometry=below.manifest.geometry if below else dataclasses.asdict(GEOMETRY),
        labels=parts.cascade.labels,
        models=models,
        routes=Routes(default="hard", hard=parts.cascade.hard, soft=dict.fromkeys(models, 1.0)),
        training={},
        metrics={},
        versions={},
        trunk=below.manifest.trunk if below else None,
        adaptation=adaptation,
        dimensions=dimensions or None,
    )
    trunk = below.trunk if below else None
    return Bundle(
        BUNDLES, manifest, parts.contents, trunk=trunk, adaptation=parts.adaptation, dimensions=parts.dimensions
    )
