"""Windows to a bundle's scores on the installed runtimes, and the differences between runtimes.

Bundle, windows ──int8──► scores (n_windows, n_labels) by model, cached under their hash
"""

from pathlib import Path
from typing import Any

import numpy as np

from convert.score import clip_scores
from convert.score.clip_scores import ClipWindows
from edged.errors import ModelError
from edged.features.logmel import Floats
from edged.models.bundle import Bundle
from edged.models.interpreter import Runtime, installed_runtimes

_N_COMPARED = 400  # windows on which the runtimes are compared


def int8(bundle: Bundle, windows: ClipWindows, store: Path, runtime: Runtime | None = None) -> dict[str, Floats]:
    """The raw scores by model, on ``runtime`` or the first that is installed.

    Raises:
        ModelError: none is installed.
    """
    runtimes = installed_runtimes()
    if not runtimes:
        raise ModelError("no TFLite runtime can be imported, expected tflite-runtime or ai-edge-litert")
    n_labels = {name: len(model.labels) for name, model in bundle.manifest.models.items()}
    return clip_scores.int8_scores(bundle.contents, n_labels, runtime or runtimes[0], windows, store)


def runtime_differences(bundle: Bundle, windows: ClipWindows, store: Path) -> dict[str, Any]:
    """By model the greatest difference between installed runtimes, in steps of the int8 output."""
    few = ClipWindows(windows.clips, windows.images[:_N_COMPARED], windows.owner[:_N_COMPARED])
    by_runtime = {runtime: int8(bundle, few, store, runtime) for runtime in installed_runtimes()}
    first, *others = by_runtime.values()
    quanta = {}
    for name in first:
        differences = [float(np.abs(first[name] - other[name]).max()) for other in others]
        quanta[name] = round(max(differences, default=0.0) * 256)  # softmax's scale is 1/256
    return {"compared": list(by_runtime), "windows": len(few.images), "quanta_apart": quanta}
