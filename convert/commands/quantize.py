"""``python -m convert quantize``: trained networks to full-integer int8 models, within the budget."""

import argparse

from convert.commands.options import add_run, need_tensorflow, run_of
from convert.recipes.cascade import FIRST
from edged.errors import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_run(parser)
    parser.add_argument("--first", action="store_true", help="only the first model, for an alternative")


def run(options: argparse.Namespace) -> None:
    """Quantizes the models of a run that is trained.

    Raises:
        UsageError: the models are heads on a trunk, which training quantizes: they are trained on its rounding.
    """
    need_tensorflow()
    training = run_of(options)
    if training.recipe.heads is not None:
        raise UsageError(
            f"recipe {training.recipe.name}: training quantizes its trunk, expected python -m convert train"
        )
    from convert.train.quantize import quantize  # noqa: PLC0415 - TensorFlow takes seconds

    quantize(training, (FIRST,) if options.first else ())
