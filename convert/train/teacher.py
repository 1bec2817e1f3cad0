"""Soft targets: the mean scores that the first models of several seeds give each clip.

    m1 of each seed ──scores of the clip's windows, at a temperature──► mean shares (n_clips, 6), cached with the run

The teachers are trained on the same clips as the student, never on validation or test speakers.  Their recipe is the
student's without a teacher and without augmented copies, so one training of it serves all students, and each student
starts from the weights of one of them.  The teachers' scores of a clip as recorded are also the student's targets for
its augmented copies.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from convert.corpora.clip import Clip
from convert.data.atomic_file import atomic
from convert.data.dataset import clips_hash
from convert.recipes.spec import UNDISTILLED, TeacherSpec
from convert.score import clip_scores
from convert.train.heads.network import softmax
from convert.train.networks import FLATTENING
from convert.train.runs import Run
from edged.features.logmel import Floats


def teachers(run: Run) -> list[Run]:
    """The trainings whose first models are the teachers of ``run``; none where its recipe has no teacher."""
    return [dataclasses.replace(undistilled(run), seed=seed) for seed in run.recipe.teacher.seeds]


def undistilled(run: Run) -> Run:
    """The training whose first model that of ``run`` starts from, where its recipe has a teacher."""
    name = run.recipe.name.removesuffix(UNDISTILLED) + UNDISTILLED
    recipe = dataclasses.replace(run.recipe, name=name, teacher=TeacherSpec(), augmented_copies=0)
    return dataclasses.replace(run, recipe=recipe)


def soft_targets(run: Run, models: Sequence[Any], clips: Sequence[Clip], labels: Sequence[str]) -> Floats:
    """(n_clips, n_labels) shares of ``labels``: the mean of ``models``, which give flat scores of all labels."""
    cached = run.path / f"teacher-{clips_hash(run.material.train)}.npy"
    if not cached.is_file():
        with atomic(cached) as file:
            np.save(file, _shares(run, models))
    rows = {clip: row for row, clip in enumerate(run.material.train)}
    columns = [run.recipe.cascade.labels.index(label) for label in labels]
    shares = np.load(cached)[[rows[clip] for clip in clips]][:, columns]
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def _shares(run: Run, models: Sequence[Any]) -> Floats:
    windows = clip_scores.clip_windows(run.material.train, run.cache)
    total = np.zeros((len(windows.clips), len(run.recipe.cascade.labels)), np.float64)
    for model in models:
        logits = windows.by_clip(np.log(np.maximum(clip_scores.float_scores(model, windows.images), 1e-7)))
        # The models' scores are flat: the division of their logits is reversed here.
        total += softmax(logits * (FLATTENING / run.recipe.teacher.temperature))
    return np.asarray(total / len(models), np.float32)
