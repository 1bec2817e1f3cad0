"""What the first models of several seeds make of each clip, together: softer targets than the labels are.

    m1 of each seed ──scores of the clip's windows, at a temperature──► mean shares (n_clips, 6), kept beside the run

The teachers are trained on the very clips that they teach with, never on a speaker who chooses or tests.  Their recipe
is the pupil's own without a teacher and without copies, so that one training of it serves all pupils, and each begins
as one of them.  What they say of a clip as it was recorded is what the pupil is to say of its copies, too.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from convert.corpora.clip import LABELS, Clip
from convert.data.atomic_file import atomic
from convert.data.dataset import clips_hash
from convert.recipes.spec import UNTAUGHT, TeacherSpec
from convert.score import clip_scores
from convert.train.networks import FLATTENING
from convert.train.runs import Run
from edged.features.logmel import Floats


def teachers(run: Run) -> list[Run]:
    """The trainings whose first models teach those of ``run``; none where its recipe has no teacher."""
    return [dataclasses.replace(untaught(run), seed=seed) for seed in run.recipe.teacher.seeds]


def untaught(run: Run) -> Run:
    """The training as whose first model that of ``run`` begins, where its recipe has a teacher."""
    name = run.recipe.name.removesuffix(UNTAUGHT) + UNTAUGHT
    return dataclasses.replace(run, recipe=dataclasses.replace(run.recipe, name=name, teacher=TeacherSpec(), copies=0))


def soft_targets(run: Run, models: Sequence[Any], clips: Sequence[Clip], labels: Sequence[str]) -> Floats:
    """(n_clips, n_labels) shares of ``labels`` by the mean of ``models``, from images to flat scores of all labels."""
    kept = run.path / f"teacher-{clips_hash(run.material.train)}.npy"
    if not kept.is_file():
        with atomic(kept) as file:
            np.save(file, _shares(run, models))
    places = {clip: place for place, clip in enumerate(run.material.train)}
    columns = [LABELS.index(label) for label in labels]
    shares = np.load(kept)[[places[clip] for clip in clips]][:, columns]
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def _shares(run: Run, models: Sequence[Any]) -> Floats:
    windows = clip_scores.heard(run.material.train, run.cache)
    total = np.zeros((len(windows.clips), len(LABELS)), np.float64)
    for model in models:
        logits = windows.by_clip(np.log(np.maximum(clip_scores.float_scores(model, windows.images), 1e-7)))
        # The models' scores are flat already: their logits were divided by a number that is given back here.
        total += _softmax(logits * (FLATTENING / run.recipe.teacher.temperature))
    return np.asarray(total / len(models), np.float32)


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)
