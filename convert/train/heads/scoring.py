"""A bundle's heads and statistics, ready for features that a trunk made.

Bundle ──its models, its default routing──► features (n_windows, n) to scores (n_windows, n_labels)
"""

from collections.abc import Callable

import numpy as np

from convert.score.calibration import routed
from edged.errors import ModelError
from edged.features.logmel import Floats
from edged.models.bundle import Bundle
from edged.models.feature_statistics import FeatureStatistics, read_statistics
from edged.models.interpreter import Interpreter, installed_runtimes


def statistics_of(bundle: Bundle) -> FeatureStatistics:
    """Those of the bundle's adaptation.

    Raises:
        ModelError: it adapts no features, or its file is not what it should be.
    """
    adaptation = bundle.manifest.adaptation
    if adaptation is None or bundle.adaptation is None:
        raise ModelError(f"{bundle.path}: no adaptation in bundle.json, expected one")
    return read_statistics(bundle.adaptation, adaptation, len(bundle.manifest.labels))


def scoring_of(bundle: Bundle) -> Callable[[Floats], Floats]:
    """The scores that ``bundle`` gives features, by its default routing."""
    manifest, runtime = bundle.manifest, installed_runtimes()[0]
    routes = manifest.routes
    models = {
        name: Interpreter(
            name,
            bundle.contents[name],
            len(model.labels),
            n_threads=1,
            runtime=runtime,
            n_features=bundle.n_features,
        )
        for name, model in manifest.models.items()
        if routes.default == "hard" or routes.soft.get(name)
    }

    def scores(features: Floats) -> Floats:
        raw = {
            name: np.full((len(features), len(model.labels)), 1 / len(model.labels), np.float32)
            for name, model in manifest.models.items()
        }
        for name, model in models.items():
            raw[name] = np.array([model.scores(row) for row in features], np.float32).reshape(raw[name].shape)
        return routed(manifest, raw, routes.default)

    return scores
