"""The gate of a shipped bundle, for another one: a gate has its own windows, whatever the models get.

edged/models/small ──gate.tflite, gate.png, their entries in the manifest──► ShippedGate
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from edged.errors import UsageError
from edged.models.bundle import DEFAULT_BUNDLE, GateModel, load_bundle

PLOT = "gate.png"


@dataclass(frozen=True, slots=True)
class ShippedGate:
    """A finished gate with its results."""

    model: GateModel
    metrics: dict[str, Any]
    training: dict[str, Any]
    content: bytes
    plot: bytes


def shipped_gate() -> ShippedGate:
    """The gate of the default bundle.

    Raises:
        ModelError: the default bundle does not load.
        UsageError: it has no gate.
    """
    made = load_bundle(DEFAULT_BUNDLE)
    manifest = made.manifest
    if manifest.gate is None or made.gate is None:
        raise UsageError(f"{DEFAULT_BUNDLE}: no gate, expected one: python -m convert gate --bundle")
    return ShippedGate(
        msgspec.structs.replace(manifest.gate, geometry=None),
        manifest.metrics["gate"],
        manifest.training["gate"],
        made.gate,
        (DEFAULT_BUNDLE / PLOT).read_bytes(),
    )
