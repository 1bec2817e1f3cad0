"""A bundle's heads and statistics, ready for features that a trunk made.

Bundle ──its models, its default routing──► features (n_windows, n) to scores (n_windows, n_labels)
"""

from collections.abc import Callable

import numpy as np

from edged.errors import ModelError
from edged.features.logmel import Floats
from edged.models.bundle import Bundle
from edged.models.cascade import Cascade
from edged.models.feature_statistics import FeatureStatistics, read_statistics
from edged.models.interpreter import installed_runtimes


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
    """The scores that a device with ``bundle`` gives features, by its default routing."""
    cascade = Cascade(bundle, runtime=installed_runtimes()[0])

    def scores(features: Floats) -> Floats:
        answers = [cascade.answer(row).scores for row in features]
        return np.array(answers, np.float32).reshape(len(features), len(cascade.labels))

    return scores
