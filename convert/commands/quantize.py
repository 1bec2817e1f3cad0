"""``python -m convert quantize``: trained networks to full-integer int8 models, within the budget."""

import argparse

from convert.commands.options import add_run, need_tensorflow, run_of
from convert.recipes.cascade import FIRST

SUMMARY = "convert the networks to full-integer int8 models"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_run(parser)
    parser.add_argument("--first", action="store_true", help="only the first model, for an alternative")


def run(options: argparse.Namespace) -> None:
    """Quantizes the models of a run that is trained, or its trunk."""
    need_tensorflow()
    from convert.train.quantize import quantize  # noqa: PLC0415 - TensorFlow takes seconds

    training = run_of(options)
    if training.recipe.trunk is not None:
        from convert.train.trunk.stage import quantize_trunk  # noqa: PLC0415 - as above

        quantize_trunk(training)
        return
    quantize(training, (FIRST,) if options.first else ())
