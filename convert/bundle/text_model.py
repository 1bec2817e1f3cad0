"""A trained linear text model to the two files that the hub loads: ``text.json`` and ``text.bin``.

LinearRun, metrics ──► folder, verified by loading it
"""

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from convert.bundle import origin
from convert.data.atomic_file import atomic
from convert.text.sentences import TEXT_LABELS
from convert.text.stage import LinearRun
from edged.hub.words.model_file import FORMAT, MANIFEST, WEIGHTS, TextManifest, load_text_model, packed

LICENCE = "MIT; trained on GoEmotions (Google Research, Apache-2.0), of which it contains no sentence"


def write(made: LinearRun, metrics: dict[str, Any], command: str, folder: Path) -> None:
    """Writes both files into ``folder``, the manifest last.

    Raises:
        ModelError: the hub could not load them.
    """
    arrays, calibration = made.arrays, made.run.calibration
    content = packed(arrays.weights, arrays.idf, arrays.known)
    manifest = TextManifest(
        format=FORMAT,
        language="en",
        created=origin.now(),
        licence=LICENCE,
        labels=TEXT_LABELS,
        sha256=hashlib.sha256(content).hexdigest(),
        scales=arrays.scales,
        intercepts=arrays.intercepts,
        idf_scale=arrays.idf_scale,
        temperature=calibration.temperature,
        offsets=calibration.offsets,
        min_known=made.min_known,
        training={**made.run.training, "command": command, "commit": origin.commit()},
        metrics=metrics,
        versions={name: version for name, version in origin.versions().items() if name in {"numpy", "scikit-learn"}},
    )
    with atomic(folder / WEIGHTS) as file:
        file.write(content)
    with atomic(folder / MANIFEST) as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    load_text_model(folder)
