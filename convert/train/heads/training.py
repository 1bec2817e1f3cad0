"""Features of training clips to the heads of all models, one for each.

    features by version, statistics ──shifts of random places──► batches ──► one head a model

The epoch is not chosen: the learning rate ends at 0.  Each model's head is trained alone on the clips that have one of
its labels; heads that share a hidden layer, with the pairs' margins as further losses, were no better (LOG.md).
"""

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from convert.data.targets import label_targets
from convert.recipes.cascade import FIRST, LABELS, TASKS
from convert.recipes.spec import HeadsSpec
from convert.train.heads.files import FLATTENING
from convert.train.heads.network import Fit, Head, averaged
from convert.train.heads.places import shifts
from convert.train.heads.statistics import usual_label
from convert.train.heads.window_features import WindowFeatures
from edged.features.logmel import Floats
from edged.models.feature_statistics import FeatureStatistics

_MIN_SCALE = 1e-4


def trained(  # noqa: PLR0913, PLR0917 -- features, what is known of them, and how heads are trained on them
    features: Sequence[WindowFeatures],
    known: FeatureStatistics,
    spec: HeadsSpec,
    seed: int,
    tasks: Mapping[str, tuple[str, ...]] = TASKS,
    answers: int | None = None,
    more: Mapping[str, Floats] = MappingProxyType({}),
) -> dict[str, Head]:
    """By model its head, trained on the windows of ``features``; ``tasks`` gives the labels of each model.

    ``answers`` is the first of the features that are logits of a model that a trunk started from, in the order of the
    six labels.  They are added to the heads' own logits after training: that model was trained on the same speakers,
    and heads that were trained with its logits would rely on them too much.

    ``more`` are heads beside those of labels, by name their targets (n_windows, n), 0 where a window has none.
    """
    values = np.concatenate([group.values for group in features])
    labels = np.concatenate([group.labels for group in features])
    places = np.concatenate([group.places for group in features])
    repeats = dict(spec.repeats)
    weights = np.concatenate(
        [np.full(len(group.values), repeats.get(group.clips[0].corpus, 1), np.float32) for group in features]
    )
    scale = values.std(axis=0) + np.float32(_MIN_SCALE)
    shares = {**{task: _shares(features, tasks[task], spec) for task in tasks}, **more}
    n_members = {task: spec.members if task == FIRST else 1 for task in shares}
    rows = {task: np.flatnonzero(shares[task].sum(axis=1) > 0) for task in shares}
    batches = {task: min(spec.batch, len(rows[task])) for task in shares}
    neutral = usual_label(features[0].known)
    fits = {
        task: [
            Fit(
                known.centre,
                scale,
                spec.hidden if task == FIRST else spec.hidden_after,
                of_task.shape[1],
                spec.epochs * (len(rows[task]) // batches[task]),
                spec,
                seed * 1000 + number * 10 + list(shares).index(task),
            )
            for number in range(n_members[task])
        ]
        for task, of_task in shares.items()
    }
    for epoch in range(spec.epochs):
        rng = np.random.default_rng((seed, epoch))
        adapted = values - shifts(values, labels, places, known, spec, rng, neutral)
        for task in shares:
            for fit in fits[task]:
                order = rng.permutation(rows[task])
                for first in range(0, len(order) - batches[task] + 1, batches[task]):
                    batch = order[first : first + batches[task]]
                    fit.step(adapted[batch], shares[task][batch], weights[batch])
    heads = {task: averaged([fit.head for fit in fits[task]]) for task in shares}
    if answers is None:
        return heads
    return heads | {
        task: dataclasses.replace(
            heads[task],
            direct=tuple(answers + LABELS.index(label) for label in labels_of),
            direct_weight=spec.start_share * FLATTENING,
        )
        for task, labels_of in tasks.items()
    }


def _shares(features: Sequence[WindowFeatures], labels: Sequence[str], spec: HeadsSpec) -> Floats:
    """(n_windows, n_labels) targets, 0 for windows that have none of ``labels``."""
    parts = []
    for group in features:
        with_label = [clip for clip in group.clips if clip.label in labels]
        of_clip = np.zeros((len(group.clips), len(labels)), np.float32)
        has = np.array([clip.label in labels for clip in group.clips])
        of_clip[has] = label_targets(with_label, labels, spec.intended_share, spec.smoothing)
        parts.append(of_clip[group.owner])
    return np.concatenate(parts)
