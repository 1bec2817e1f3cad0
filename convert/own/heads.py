"""A user's clips to heads on the shipped trunk.

clips ──trunk, in every version──► features, cached ──statistics, places──► m1's head ──routes──► all heads ──► Parts
"""

import dataclasses
from collections.abc import Sequence
from typing import get_args

import numpy as np

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.splits import Split
from convert.own import routes
from convert.own.parts import Parts, shipped
from convert.own.plan import Plan
from convert.recipes.cascade import FIRST
from convert.recipes.spec import HeadsSpec
from convert.score.clip_scores import ClipWindows
from convert.score.metrics import Counts, confusion
from convert.train.heads.files import dimension_file, head_file
from convert.train.heads.network import Head, softmax
from convert.train.heads.statistics import as_file, statistics
from convert.train.heads.training import trained
from convert.train.heads.window_features import AS_IT_COMES, Source, WindowFeatures, window_features
from convert.zoo.learning import heads as further
from edged.features.logmel import Floats
from edged.models.bundle import DimensionName

_MIN_STEPS = 400  # of the first model; few clips are seen more often
_LARGEST_BATCH, _BATCHES = 256, 8  # of an epoch, at least


def features(plan: Plan, spec: HeadsSpec) -> list[WindowFeatures]:
    """Features of all clips in all versions; those that are cached are read."""
    below = shipped(plan.size)
    made = Source(
        trunk=below.trunk or b"",
        geometry=below.geometry,
        active_db=spec.active_db,
        sound=plan.recipe.sound,
        noises=tuple(plan.noises),
        cache=plan.work / "cache",
        folder=plan.work / "features",
    )
    dataset.prepare([*made.noises, *plan.corpus.clips], made.cache)
    groups = window_features(plan.corpus.clips, range(spec.versions), made)
    return [dataclasses.replace(group, known=plan.corpus.labels) for group in groups]


def parts(plan: Plan, spec: HeadsSpec, groups: Sequence[WindowFeatures], sides: dict[Split, list[Clip]]) -> Parts:
    """Trains on one side; where no routes are given, they are made from the confusions of validation speakers."""
    training = [_of(group, sides["train"]) for group in groups]
    known = statistics([group for group in training if group.version == AS_IT_COMES], spec)
    enough = _lengthened(spec, sum(len(group.values) for group in training), cut=plan.epochs is not None)
    cascade = plan.cascade
    if cascade is None:
        head = trained(training, known, enough, plan.seed, {FIRST: plan.corpus.labels})[FIRST]
        cascade = routes.made(plan.corpus.labels, _confusion(head, plan, groups, sides["validation"]))
    more: dict[str, Floats] = {name: _degrees(training, name) for name in _present(training)}
    heads = trained(training, known, enough, plan.seed, dict(cascade.tasks), more=more)
    return Parts(
        cascade=cascade,
        contents={task: head_file(heads[task]) for task in cascade.tasks},
        sizes={task: _size(head) for task, head in heads.items()},
        adaptation=as_file(known),
        epochs={},
        dimensions={name: dimension_file(heads[name]) for name in _present(training)},
    )


def windows(groups: Sequence[WindowFeatures], clips: Sequence[Clip]) -> ClipWindows:
    """The windows of ``clips`` as they come."""
    own = _of(next(group for group in groups if group.version == AS_IT_COMES), clips)
    return ClipWindows(own.clips, own.values, own.owner)


def _of(group: WindowFeatures, clips: Sequence[Clip]) -> WindowFeatures:
    chosen = {clip.id for clip in clips}
    return group.of(np.array([clip.id in chosen for clip in group.clips]))


def _confusion(head: Head, plan: Plan, groups: Sequence[WindowFeatures], clips: Sequence[Clip]) -> Counts:
    seen = windows(groups, clips)
    predictions = seen.by_clip(softmax(head.logits(seen.images))).argmax(axis=1)
    return confusion(seen.label_indices(plan.corpus.labels), predictions, len(plan.corpus.labels))


def _lengthened(spec: HeadsSpec, n_windows: int, *, cut: bool) -> HeadsSpec:
    """More epochs and smaller batches where there are few windows; ``cut`` leaves the epochs."""
    batch = max(1, min(_LARGEST_BATCH, n_windows // _BATCHES))
    epochs = spec.epochs if cut else max(spec.epochs, -(-_MIN_STEPS // (n_windows // batch)))
    return dataclasses.replace(spec, batch=batch, epochs=epochs)


def _present(groups: Sequence[WindowFeatures]) -> list[DimensionName]:
    """The dimensions for which clips of the training side have values."""
    found = further.present([clip for group in groups for clip in group.clips])
    return [name for name in get_args(DimensionName) if name in found]


def _degrees(groups: Sequence[WindowFeatures], name: str) -> Floats:
    """(n_windows, 2) the shares none and all of dimension ``name``, both 0 for a clip without a value."""
    parts = []
    for group in groups:
        degree = further.targets(group.clips, (name,))[group.owner]
        parts.append(np.where(np.isnan(degree), 0, np.concatenate([1 - degree, degree], axis=1)))
    return np.asarray(np.concatenate(parts), np.float32)


def _size(head: Head) -> dict[str, int]:
    return {"parameters": head.n_parameters, "multiply_adds": head.multiply_adds}
