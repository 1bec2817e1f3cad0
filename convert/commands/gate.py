"""``python -m convert gate``: the speech gate, trained, quantized and compared with its alternatives."""

import argparse
import json
import sys
from typing import TYPE_CHECKING

from convert.bundle.place import made_here
from convert.card.gate.section import section
from convert.commands.options import (
    add_epochs,
    add_folders,
    add_json,
    add_seed,
    need_tensorflow,
    recipe_of,
    seed_of,
)
from convert.gate.material import absent
from convert.gate.recipe import gate_recipe
from convert.recipes.catalogue import RECIPES
from edged.cli.values import path

if TYPE_CHECKING:
    from convert.bundle.shipped_gate import ShippedGate
    from convert.gate.stage import Made


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_folders(parser)
    add_seed(parser)
    add_epochs(parser)
    parser.add_argument("--fresh", action="store_true", help="remove what this run has made before")
    parser.add_argument("--bundle", type=path, help="put the gate into this bundle")
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Makes the gate, prints its section of the card, and puts it into a bundle if asked to."""
    need_tensorflow()
    if options.bundle is not None:
        made_here(options.bundle)
    from convert.gate.stage import make  # noqa: PLC0415 - webrtcvad is an extra

    recipe = gate_recipe(options.epochs)
    made = make(options.corpora, options.work, recipe, seed_of(options), fresh=options.fresh)
    print(json.dumps(made.metrics, indent=1) if options.json else section(made.model, made.training, made.metrics))
    if options.bundle:
        from convert.bundle.writer import with_gate  # noqa: PLC0415 - matplotlib takes a second

        with_gate(options.bundle, made)


def add_gate(parser: argparse.ArgumentParser) -> None:
    """Which gate a bundle gets."""
    parser.add_argument("--shipped-gate", action="store_true", help="take the gate of edged/models/small, train none")


def gate_for(options: argparse.Namespace) -> "Made | ShippedGate | None":
    """The gate of a bundle: on the encoder, or if asked for, that of the shipped small bundle; else one of its own.

    None if its corpora are absent, nor for a fold, whose speakers may be in its training.
    """
    chosen = RECIPES[recipe_of(options)]
    if options.shipped_gate or (chosen.heads is not None and chosen.trunk is None):
        from convert.bundle.shipped_gate import shipped_gate  # noqa: PLC0415 - it is needed for these only

        return shipped_gate()
    from convert.gate.stage import make  # noqa: PLC0415 - webrtcvad is an extra

    recipe = gate_recipe(options.epochs)
    missing = absent(options.corpora, recipe)
    if missing or options.fold is not None:
        reason = f"no {', '.join(missing)}" if missing else f"fold {options.fold}"
        print(f"gate: {reason}: the bundle has no gate model and uses the level gate", file=sys.stderr)
        return None
    return make(options.corpora, options.work, recipe, seed_of(options))
