"""Bundles that tests can compute by hand (tests/tools/tiny_models.py), most with a trunk, and that computation."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edged.features.geometry import GEOMETRY, Geometry
from edged.features.logmel import Floats
from edged.features.whisper import WHISPER
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from tests.parts.models.bundles import manifest, write_statistics
from tests.tools.tiny_models import FOLDER, WIDTH

Kind = Literal["float", "int8"]  # the trunk on Whisper's log-mel, and the one on the usual image
ACTIVE_DB = 30.0


def trunk_bundle(folder: Path, kind: Kind, n_labels: int = 4, **changed: object) -> Bundle:
    """A bundle in ``folder`` with the trunk of this kind and the shipped gate; ``changed`` is of its manifest."""
    folder.mkdir(exist_ok=True)
    shipped = json.loads((DEFAULT_BUNDLE / "bundle.json").read_text(encoding="utf-8"))["gate"]
    shutil.copy(DEFAULT_BUNDLE / shipped["file"], folder)
    values = manifest()
    for model in values["models"].values():
        model.update(_file(folder, f"head_{kind}_{len(model['labels'])}"))
    trunk = {**_file(folder, f"trunk_{kind}"), "width": WIDTH, "active_db": ACTIVE_DB}
    values.update(
        geometry=asdict(geometry_of_kind(kind)),
        trunk={**trunk, "parameters": 1, "multiply_adds": 1},
        gate={**shipped, "geometry": asdict(GEOMETRY)},
        adaptation=write_statistics(folder, of="features", labels=n_labels, centre=np.zeros(2 * WIDTH)),
    )
    (folder / "bundle.json").write_text(json.dumps({**values, **changed}), encoding="utf-8")
    return load_bundle(folder)


EIGHT = ("angry", "bored", "calm", "disgust", "fear", "happy", "sad", "surprise")
DIMENSIONS = ("intensity", "arousal", "valence", "dominance")


def eight_label_bundle(folder: Path, kind: Kind = "float", **changed: object) -> Bundle:
    """One model of eight labels and all four dimensions, on the trunk of this kind; ``changed`` is of its manifest."""
    folder.mkdir(exist_ok=True)
    sizes = {"parameters": 1, "multiply_adds": 1}
    return trunk_bundle(
        folder,
        kind,
        len(EIGHT),
        labels=list(EIGHT),
        models={"m1": {**_file(folder, f"head_{kind}_8"), "labels": list(EIGHT), **sizes}},
        routes={"default": "soft", "hard": {"model": "m1"}, "soft": {"m1": 1.0}},
        dimensions={name: {**_file(folder, f"dimension_{kind}"), **sizes} for name in DIMENSIONS},
        **changed,
    )


def image_bundle(folder: Path) -> Bundle:
    """The same on the usual image, without a trunk and without adaptation: what ``convert bundle --model`` makes."""
    folder.mkdir(exist_ok=True)
    sizes = {"parameters": 1, "multiply_adds": 1}
    shipped = json.loads((DEFAULT_BUNDLE / "bundle.json").read_text(encoding="utf-8"))["gate"]
    shutil.copy(DEFAULT_BUNDLE / shipped["file"], folder)
    values = {
        **manifest(),
        "labels": list(EIGHT),
        "models": {"m1": {**_file(folder, "image_head_8"), "labels": list(EIGHT), **sizes}},
        "routes": {"default": "soft", "hard": {"model": "m1"}, "soft": {"m1": 1.0}},
        "dimensions": {name: {**_file(folder, "image_dimension"), **sizes} for name in DIMENSIONS},
        "gate": shipped,
    }
    (folder / "bundle.json").write_text(json.dumps(values), encoding="utf-8")
    return load_bundle(folder)


def geometry_of_kind(kind: Kind) -> Geometry:
    """Of the windows that the trunk takes."""
    return WHISPER if kind == "float" else GEOMETRY


def expected_features(levels: Floats, kind: Kind) -> Floats:
    """(8,) by the definition, from dB (n_frames, n_bands) below the loudest cell."""
    n_each = 2 if kind == "float" else 8
    real = (levels / 10 + 7.8) / 4 if kind == "float" else levels + 80
    n_positions = -(-len(levels) // n_each)
    powers = (10 ** (levels / 10)).mean(axis=1)
    outputs, loudest = [], []
    for position in range(n_positions):
        frames = slice(n_each * position, n_each * (position + 1))
        cells = np.zeros((n_each, levels.shape[1]))
        cells[: len(real[frames])] = real[frames]
        outputs.append(cells.reshape(n_each, WIDTH, -1).mean(axis=(0, 2)))
        loudest.append(powers[frames].max())
    active = 10 * np.log10(loudest) > 10 * np.log10(max(loudest)) - ACTIVE_DB
    chosen = np.array(outputs)[active if active.sum() >= 5 else slice(None)]
    return np.concatenate([chosen.mean(axis=0), chosen.std(axis=0)], dtype=np.float32)


def _file(folder: Path, name: str) -> dict[str, Any]:
    shutil.copy(FOLDER / f"{name}.tflite", folder)
    content = (folder / f"{name}.tflite").read_bytes()
    return {"file": f"{name}.tflite", "sha256": hashlib.sha256(content).hexdigest()}
