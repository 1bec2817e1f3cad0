"""Windows of a scene to the scores of a bundle with a trunk, without adaptation and with it from the scene's start.

    SceneWindows ──its levels in the bundle's geometry──► windows with speech ──trunk──► features
        ──models──► scores                    (n, n_labels)
        ──FeatureAdaptation, models──► scores (n, n_labels)

Windows without speech are not scored; their rows are even.
"""

import numpy as np
from numpy.typing import NDArray

from convert.data import dataset
from convert.stream.rendering import SceneWindows
from convert.train.heads.scoring import scoring_of, statistics_of
from edged.features.geometry import GEOMETRY, Geometry
from edged.features.logmel import Floats, relative_levels
from edged.models.bundle import Bundle
from edged.models.feature_adaptation import FeatureAdaptation, Settings
from edged.models.interpreter import installed_runtimes
from edged.models.trunk import Trunk


def featured(
    bundle: Bundle, windows: SceneWindows, spoken: NDArray[np.bool_], settings: Settings
) -> tuple[Floats, Floats | None]:
    """Scores without adaptation, and with it where the bundle adapts its features; ``spoken`` (n,) are scored."""
    labels = bundle.manifest.labels
    trunk, scoring = Trunk(bundle, runtime=installed_runtimes()[0]), scoring_of(bundle)
    statistics = statistics_of(bundle) if bundle.manifest.adaptation else None
    adaptation = FeatureAdaptation(labels, statistics, settings) if statistics else None
    scores = np.full((len(spoken), len(labels)), 1 / len(labels), np.float32)
    adapted = scores.copy()
    stride_s = dataset.STRIDE_FRAMES * GEOMETRY.hop_s
    for window in np.flatnonzero(spoken):
        end = int(windows.end[window])
        given = windows.images[window] if windows.levels is None else _cut(windows.levels, end, bundle.geometry)
        features = trunk.features(given)
        scores[window] = scoring(features[None])[0]
        if adaptation is not None:
            corrected = scoring(adaptation.corrected(features)[None])[0]
            adapted[window] = adaptation.published(corrected, scores[window]) if adaptation.mixes else corrected
            adaptation.learn(features, corrected, stride_s)
    return scores, adapted if adaptation is not None else None


def _cut(levels: Floats, end: int, geometry: Geometry) -> Floats:
    """(n_frames, n_bands) dB below the loudest cell of the window that ends at sample ``end``."""
    last = min(end // geometry.hop, len(levels) - 1)
    return relative_levels(levels[max(0, last - geometry.n_frames + 1) : last + 1], geometry)
