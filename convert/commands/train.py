"""``python -m convert train``: the models of a recipe."""

import argparse

from convert.commands.groups.workers import add_workers, workers_of
from convert.commands.options import add_run, need_tensorflow, run_of
from convert.recipes.cascade import FIRST
from convert.train.heads import stage


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_run(parser)
    parser.add_argument("--first", action="store_true", help="only the first model, for an alternative")
    parser.add_argument("--fresh", action="store_true", help="remove what this run has made before")
    add_workers(parser)


def run(options: argparse.Namespace) -> None:
    """Trains the models that are not trained yet."""
    need_tensorflow()
    training = run_of(options)
    if options.fresh:
        training.clear()
    workers = workers_of(options)
    if training.recipe.heads is not None:
        stage.train(training, workers)
        return
    from convert.train.stage import train  # noqa: PLC0415 - TensorFlow takes seconds

    train(training, (FIRST,) if options.first else (), workers)
