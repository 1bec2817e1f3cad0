"""A small valid bundle on disk with fields changed at will, for tests of bundle.py and the cascade."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edged.errors import ModelError
from edged.features.geometry import GEOMETRY
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle

NETWORKS = Path(__file__).parent / "networks"  # three networks of 0.1.0's bundle, in format 1; no trunk
CONTENT = b"not a model, but bundle.py only needs its hash"


def manifest() -> dict[str, Any]:
    """Manifest with labels and routes unlike the shipped ones, so that code cannot rely on those."""
    return {
        "format": 2,
        "name": "tiny",
        "version": "1",
        "created": "2026-01-01T00:00:00Z",
        "licence": "MIT",
        "geometry": asdict(GEOMETRY),
        "labels": ["calm", "tense", "loud", "flat"],
        "models": {
            "all": _model(["calm", "tense", "loud", "flat"]),
            "quiet": _model(["calm", "flat"]),
            "edge": _model(["tense", "loud"], temperature=2.0),
        },
        "routes": {
            "default": "hard",
            "hard": {
                "model": "all",
                "branches": [
                    {"labels": ["calm", "flat"], "then": {"model": "quiet"}},
                    {"labels": ["tense"], "then": {"model": "edge"}},
                ],
            },
            "soft": {"all": 1.0, "quiet": 0.5, "edge": 0.0},
        },
        "training": {},
        "metrics": {},
        "versions": {},
    }


def gate(**changed: object) -> dict[str, Any]:
    """Speech gate section of a manifest, updated with ``changed``."""
    return {**_model(["other", "speech"]), "threshold": 0.5, **changed}


def trunk(**changed: object) -> dict[str, Any]:
    """Trunk section of a manifest, updated with ``changed``."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    files = {"file": "model.tflite", "sha256": digest, "parameters": 1, "multiply_adds": 1}
    return {**files, "width": 8, "active_db": 40.0, **changed}


def write_bundle(folder: Path, changed: dict[str, Any] | None = None) -> Path:
    """Write the files of the valid manifest to ``folder``, with the manifest ``changed`` or the valid one."""
    folder.mkdir(exist_ok=True)
    values = manifest() if changed is None else changed
    (folder / "bundle.json").write_text(json.dumps(values), encoding="utf-8")
    (folder / "model.tflite").write_bytes(CONTENT)
    return folder


def write_statistics(
    folder: Path, *, of: str = "bands", labels: int = 4, centre: npt.ArrayLike = 0.0, **changed: object
) -> dict[str, Any]:
    """Write ``adaptation.npz`` to ``folder``; the section of the manifest that names it, updated with ``changed``."""
    folder.mkdir(exist_ok=True)
    middle = np.asarray(centre, np.float32)
    offsets, spread = np.zeros((labels, middle.size), np.float32), np.full(middle.size, 3, np.float32)
    np.savez(folder / "adaptation.npz", centre=middle, offsets=offsets, spread=spread)
    digest = hashlib.sha256((folder / "adaptation.npz").read_bytes()).hexdigest()
    settings = {"file": "adaptation.npz", "sha256": digest, "of": of}
    return {**settings, "caution_s": 2.0, "prior_weight_s": 15.0, "power": 0.7, **changed}


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


def adapting_bundle(folder: Path) -> Path:
    """A copy of the shipped bundle in ``folder`` that adapts its features, whether or not the shipped one does."""
    shutil.copytree(DEFAULT_BUNDLE, folder, ignore=shutil.ignore_patterns("*.md", "*.png"))
    values = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    if not values.get("adaptation"):
        section = write_statistics(folder, labels=len(values["labels"]), centre=np.full(64, -40))
        (folder / "bundle.json").write_text(json.dumps({**values, "format": 2, "adaptation": section}), "utf-8")
    return folder


def _model(labels: list[str], **more: float) -> dict[str, Any]:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return {"file": "model.tflite", "sha256": digest, "labels": labels, "parameters": 1, "multiply_adds": 1, **more}
