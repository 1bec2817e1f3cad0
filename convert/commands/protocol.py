"""``python -m convert protocol CORPUS``: a corpus' published protocol, fold by fold."""

import argparse
import json
from pathlib import Path

from convert.bundle import origin
from convert.card.clip_tables import protocols_table
from convert.commands.options import add_folders, add_json, add_seed, natural, need_tensorflow, seed_of
from convert.data.material import material
from convert.recipes.catalogue import SIZES, recipe
from convert.score.folds import pooled
from convert.train.runs import Run

SUMMARY = "test every speaker of a corpus once: ravdess, emodb or cremad"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("corpus", help="ravdess, emodb or cremad")
    add_folders(parser)
    add_seed(parser)
    parser.add_argument("--size", choices=SIZES, default="small", help="the networks of which size (%(default)s)")
    parser.add_argument("--fold", type=natural, help="only this fold: 0, 1, …")
    parser.add_argument("--bundle", type=Path, help="add the folds to this bundle's metrics and card")
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Trains and tests the folds that are not done yet, and prints their table."""
    need_tensorflow()
    from convert.evaluate.protocols import fold_results, protocol  # noqa: PLC0415 - TensorFlow takes seconds

    chosen, size = protocol(options.corpus), ""
    if options.size == "large":
        from convert.evaluate import head_protocols  # noqa: PLC0415 - it is needed for these only

        size = " --size large"
        named = recipe(SIZES[options.size])
        trunk = Run(named, seed_of(options), None, options.work, material(options.corpora, named))
        folds = head_protocols.fold_results(trunk, options.corpus, options.corpora, options.fold)
    else:
        folds = fold_results(chosen, options.corpora, options.work, seed_of(options), options.fold)
    tested = {
        "command": f"python -m convert protocol {options.corpus}{size} --seed {seed_of(options)}",
        "of": chosen.n_folds,
        "folds": {number: {**fold, "commit": origin.commit()} for number, fold in folds.items()},
    }
    if options.json:
        print(json.dumps({**tested, "rows": pooled(folds)}, indent=1))
    else:
        print(protocols_table({chosen.corpus: tested}))
    if options.bundle:
        from convert.bundle.writer import with_protocol  # noqa: PLC0415 - matplotlib takes a second

        with_protocol(options.bundle, options.corpus, tested)
