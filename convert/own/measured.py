"""The time that a bundle's files take, and how well its dimensions follow the truth.

files, windows ──each installed runtime──► ms of a window
degrees of clips, their true values ──► Pearson's r, concordance (Lin 1989), by dimension
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import Clip
from convert.score import clip_scores
from convert.score.clip_scores import ClipWindows
from convert.score.isolated import apart
from convert.zoo.learning import heads as further
from edged.features.logmel import Floats, int8_input
from edged.models.bundle import Bundle
from edged.models.interpreter import Interpreter, installed_runtimes

_N_TIMED = 50  # windows
_N_ROUNDS = 3  # of which the fastest counts: another program may have had the core


def degrees(bundle: Bundle, windows: ClipWindows, store: Path) -> dict[str, Floats]:
    """(n_clips,) by dimension of ``bundle``: the mean over each clip's windows, on the first runtime."""
    if not bundle.dimensions:
        return {}
    contents = {str(name): content for name, content in bundle.dimensions.items()}
    raw = clip_scores.int8_scores(contents, dict.fromkeys(contents, 1), installed_runtimes()[0], windows, store)
    return {name: windows.by_clip(of_windows)[:, 0] for name, of_windows in raw.items()}


def agreement(clips: Sequence[Clip], found: Mapping[str, Floats]) -> dict[str, dict[str, float]]:
    """By dimension r and concordance over the clips with a true value, and their number."""
    rows = {}
    for name, values in found.items():
        truth = further.targets(clips, (name,))[:, 0]
        known = ~np.isnan(truth)
        if np.count_nonzero(known) > 1:
            rows[name] = _agreement(truth[known].astype(np.float64), values[known].astype(np.float64))
    return rows


def window_ms(bundle: Bundle, windows: ClipWindows) -> dict[str, float]:
    """By runtime the time that models and dimensions take together for one window, without trunk and front end."""
    n_outputs = {name: len(model.labels) for name, model in bundle.manifest.models.items()}
    contents = {**bundle.contents, **{str(name): content for name, content in bundle.dimensions.items()}}
    n_outputs |= dict.fromkeys(map(str, bundle.dimensions), 1)
    return apart(_timed, contents, n_outputs, windows.images[:_N_TIMED])


def _timed(contents: dict[str, bytes], n_outputs: dict[str, int], images: NDArray[Any]) -> dict[str, float]:
    n_features = images.shape[1] if images.dtype == np.float32 else None
    given = int8_input(images) if n_features is None else images
    found = {}
    for runtime in installed_runtimes():
        models = [
            Interpreter(name, content, n_outputs[name], n_threads=1, runtime=runtime, n_features=n_features)
            for name, content in contents.items()
        ]
        rounds = []
        for _ in range(_N_ROUNDS):
            began_s = time.process_time()
            for window in given:
                for model in models:
                    model.scores(window)
            rounds.append((time.process_time() - began_s) / len(given))
        found[str(runtime)] = round(1000 * min(rounds), 3)
    return found


def _agreement(truth: NDArray[np.float64], found: NDArray[np.float64]) -> dict[str, float]:
    both = float(np.mean((truth - truth.mean()) * (found - found.mean())))
    spread = float(truth.std() * found.std())
    distance = float(truth.var() + found.var() + (truth.mean() - found.mean()) ** 2)
    return {
        "clips": len(truth),
        "r": round(both / spread, 4) if spread else 0.0,
        "concordance": round(2 * both / distance, 4) if distance else 0.0,
    }
