"""``python -m convert protocol CORPUS``: a corpus' published protocol, fold by fold."""

import argparse
import json

from convert.bundle import origin
from convert.bundle.place import made_here
from convert.card.protocols_section import protocols_table
from convert.commands.groups.workers import add_workers, workers_of
from convert.commands.options import add_folders, add_json, add_seed, natural, need_tensorflow, seed_of
from convert.recipes.catalogue import SIZES
from convert.score.folds import pooled
from edged.cli.values import path
from edged.errors import UsageError
from edged.models.bundle import BUNDLES, load_bundle


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("corpus", help="ravdess, emodb or cremad")
    add_folders(parser)
    add_seed(parser)
    parser.add_argument("--size", choices=SIZES, default="small", help="the networks of which size (%(default)s)")
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--heads", action="store_true", help="heads on the trunk of the shipped bundle of the size; of large always"
    )
    way.add_argument("--trunks", action="store_true", help="a trunk and heads of its own for each fold; small only")
    parser.add_argument("--fold", type=natural, help="only this fold: 0, 1, …")
    add_workers(parser)
    parser.add_argument("--bundle", type=path, help="add the folds to this bundle's metrics and card")
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Trains and tests the folds that are not done yet, and prints their table."""
    need_tensorflow()
    if options.bundle is not None:
        made_here(options.bundle)
    from convert.evaluate.protocols import fold_results, protocol  # noqa: PLC0415 - scikit-learn takes seconds

    chosen, of = protocol(options.corpus), ""
    weight: dict[str, float] = {}
    seed, workers = seed_of(options), workers_of(options)
    if options.trunks and options.size == "large":
        raise UsageError("--trunks: of --size large, whose trunk is not trained here; expected --size small")
    n_folds = chosen.n_folds
    if options.trunks:
        from convert.evaluate.heads import whole  # noqa: PLC0415 - it is needed for these only

        of, n_folds = " --trunks", whole.n_folds(options.corpus)
        folds = whole.fold_results(options.corpus, options.corpora, options.work, seed, options.fold, workers)
    elif options.heads or options.size == "large":
        from convert.evaluate.heads import protocols  # noqa: PLC0415 - it is needed for these only

        of = " --size large" if options.size == "large" else " --heads"
        bundle = load_bundle(BUNDLES / options.size)
        folds = protocols.fold_results(
            bundle, options.corpus, options.corpora, options.work, seed, options.fold, workers
        )
        if chosen.weight is not None:
            weight["weight"] = chosen.weight
    else:
        folds = fold_results(chosen, options.corpora, options.work, seed, options.fold, workers)
    tested = {
        "command": f"python -m convert protocol {options.corpus}{of} --seed {seed}",
        **weight,
        "of": n_folds,
        "folds": {number: {**fold, "commit": origin.commit()} for number, fold in folds.items()},
    }
    if options.json:
        print(json.dumps({**tested, "rows": pooled(folds)}, indent=1))
    else:
        print(protocols_table({chosen.corpus: tested}))
    if options.bundle:
        from convert.bundle.writer import with_protocol  # noqa: PLC0415 - matplotlib takes a second

        with_protocol(options.bundle, options.corpus, tested)
