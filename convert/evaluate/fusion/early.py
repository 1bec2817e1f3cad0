"""Early fusion: a small network over the scores of both branches together.

    log scores of the voice's models (16) and of the text (7), and whether there is text (1) ──32──► (6)

It is trained on matched pairs of validation speakers and validation sentences: the only clips with emotion in both
senses on which neither branch was trained.  So it learns to rely on words as much as these pairs justify, which is more
than real speech does: see the negative control and the mismatched pairs.
"""

from typing import Any

import numpy as np

from convert.evaluate.fusion.methods import Answers
from convert.evaluate.fusion.trials import Trials
from edged.features.logmel import Floats

_HIDDEN = 32
_PENALTY = 1e-2
_FLOOR = 1e-4


def trained(trials: Trials, model: str, seed: int) -> Any:  # noqa: ANN401 - scikit-learn has no types
    """The network, trained on ``trials``."""
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415 - takes a second
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - as above
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415 - as above

    network = MLPClassifier((_HIDDEN,), alpha=_PENALTY, max_iter=60, random_state=seed, early_stopping=True)
    return make_pipeline(StandardScaler(), network).fit(_inputs(trials, model), trials.truth)


def early_answers(network: Any, trials: Trials, model: str) -> Answers:  # noqa: ANN401 - as above
    """(n,) the answers of the network."""
    return np.asarray(network.predict(_inputs(trials, model)), np.int64)


def _inputs(trials: Trials, model: str) -> Floats:
    text = trials.text[model]
    known = np.isfinite(text).all(axis=1, keepdims=True)
    logs = np.where(known, np.log(np.maximum(np.nan_to_num(text), _FLOOR)), np.log(1 / text.shape[1]))
    return np.asarray(np.concatenate([trials.outputs, logs, known], axis=1), np.float32)
