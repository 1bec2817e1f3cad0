"""A corpus fold by fold, everything trained anew for each fold: every speaker tested once.

    recipe, seed, fold ──training──► trunk, statistics, M1's head ──the fold's test speakers──► confusions,
        before adaptation and after a minute

The folds are those of a training on several corpora, so EMO-DB's speakers are left out in pairs.  The recipe is that of
the small bundle without the teachers of its start, which would take as long as all the rest.  Fold 0 has the committed
split: with the seed of the shipped bundle it is that bundle, which is not trained again.
"""

from pathlib import Path
from typing import Any

import numpy as np

from convert.data import dataset, splits
from convert.data.material import material
from convert.evaluate.heads.protocols import tested_rows
from convert.evaluate.heads.trunk_source import source_of
from convert.evaluate.learning import Scoring
from convert.evaluate.protocols import protocol
from convert.recipes.cascade import FIRST, LABELS
from convert.recipes.catalogue import RECIPES
from convert.recipes.spec import UNDISTILLED
from convert.tasks.job import Job, Result, Workers
from convert.tasks.processes import HERE
from convert.tasks.running import gathered
from convert.train.heads import stage
from convert.train.heads.files import FLATTENING
from convert.train.heads.scoring import statistics_of
from convert.train.heads.window_features import AS_IT_COMES, window_features
from convert.train.runs import Run
from edged.errors import UsageError
from edged.features.logmel import Floats
from edged.models.bundle import BUNDLES, load_bundle
from edged.models.cascade import sharpened
from edged.models.feature_statistics import FeatureStatistics
from edged.models.interpreter import Interpreter, installed_runtimes

RECIPE = f"small{UNDISTILLED}"
COMMITTED = 0  # the fold with the committed split


def n_folds(corpus: str) -> int:
    """The folds that test each speaker of ``corpus`` once.

    Raises:
        UsageError: the recipe does not train on it.
    """
    if corpus not in RECIPES[RECIPE].corpora:
        known = ", ".join(RECIPES[RECIPE].corpora)
        raise UsageError(f"--trunks: {corpus}, expected a corpus that the recipe is trained on: {known}")
    return min(splits.SHARED_FOLDS, splits.N_BLOCKS[corpus] // splits.SHARED_BLOCKS)


def fold_results(  # noqa: PLR0913, PLR0917 - a corpus, where clips and results lie, and who trains
    corpus: str, folder: Path, work: Path, seed: int, fold: int | None = None, workers: Workers = HERE
) -> dict[str, Any]:
    """Trains what is not trained yet; returns the rows of each fold of ``corpus``, or of ``fold``, by its number.

    Raises:
        UsageError: see ``n_folds``; or there is no such fold.
    """
    n = n_folds(corpus)
    if fold is not None and fold >= n:
        raise UsageError(f"fold {fold} of {corpus}: expected 0 to {n - 1}")
    recipe = RECIPES[RECIPE]
    runs = [
        Run(recipe, seed, number, work, material(folder, recipe, number))
        for number in (range(n) if fold is None else (fold,))
    ]
    jobs = [Job(str(run.fold), _fold, (corpus, run)) for run in runs]
    return gathered(jobs, workers, f"{corpus}, folds")


def _fold(corpus: str, run: Run) -> Result:
    dataset.prepare(run.material.all(), run.cache)
    shipped = load_bundle(BUNDLES / "small")
    if run.fold == COMMITTED and shipped.manifest.training.get("seed") == run.seed:
        made, known, content = (
            source_of(shipped, run.material, run.work),
            statistics_of(shipped),
            shipped.contents[FIRST],
        )
    else:
        stage.train(run)
        made, known, content = stage.source(run), _known(run), (run.path / f"{FIRST}.tflite").read_bytes()
    tested = window_features(run.material.test[corpus], (AS_IT_COMES,), made)
    scoring = _scoring(content, tested[0].values.shape[1])
    return {"rows": tested_rows(protocol(corpus), scoring, known, tested, run.cache)}


def _known(run: Run) -> FeatureStatistics:
    """What the run's bundle would adapt from."""
    spec = stage.heads_of(run)
    with np.load(run.path / stage.ADAPTATION) as saved:
        return FeatureStatistics(
            centre=saved["centre"],
            offsets=saved["offsets"],
            spread=saved["spread"],
            caution_s=spec.caution_s,
            prior_weight_s=spec.prior_weight_s,
            power=spec.power,
            share=1.0 if spec.share is None else spec.share,
        )


def _scoring(content: bytes, n_features: int) -> Scoring:
    """The scores of the quantized head in ``content``."""
    runtime = installed_runtimes()[0]
    model = Interpreter(FIRST, content, len(LABELS), n_threads=1, runtime=runtime, n_features=n_features)

    def scores(features: Floats) -> Floats:
        return sharpened(np.array([model.scores(row) for row in features], np.float32), 1 / FLATTENING)

    return scores
