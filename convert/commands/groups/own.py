"""``python -m convert all --own``: a bundle of a user's recordings, with their labels and figures by folds.

options ──► Plan ──own.stage──► Bundle ──bundle.own──► folder, card
"""

import argparse
import json

from convert.commands.groups.workers import workers_of
from convert.commands.options import refuse, say, seed_of
from convert.data.own_corpus import read_own
from convert.own import routes
from convert.own.plan import Plan
from convert.recipes.own import LARGE, SCRATCH
from edged.cli.values import path
from edged.errors import UsageError

HEADS = "heads"  # one head on the shipped trunk, named like a model
_NOT_WITH_OWN = ("recipe", "fold", "shipped_gate")  # which always get the shipped gate
_OF_CORPORA = ("alternative", "runs")
_OF_OWN = ("routes", "from_scratch", "licence")


def add_own(parser: argparse.ArgumentParser) -> None:
    """A user's recordings instead of the corpora of a recipe."""
    group = parser.add_argument_group("your own recordings")
    group.add_argument("--own", type=path, metavar="INDEX.csv", help="file, speaker, emotion; see docs/own-corpus.md")
    group.add_argument("--routes", type=path, metavar="FILE", help="models and hard route, as in bundle.json")
    group.add_argument("--from-scratch", action="store_true", help="networks of their own instead of heads on a trunk")
    group.add_argument("--licence", help="of the bundle, for its card")


def refuse_without_own(options: argparse.Namespace) -> None:
    """Refuses options that would have no effect without recordings.

    Raises:
        UsageError: one of them was given, and no recordings were.
    """
    if options.own is None:
        refuse(options, _OF_OWN, "expected --own INDEX.csv with it")


def plan_of(options: argparse.Namespace) -> Plan:
    """The plan that ``options`` name, its recordings checked.

    Raises:
        UsageError: too few recordings, or routes that do not fit.
    """
    refuse(options, _NOT_WITH_OWN, "not with --own, whose recipe, folds and gate are its own")
    refuse(options, _OF_CORPORA, "not with --own, which is measured by itself")
    if options.from_scratch:
        refuse(options, ("size",), "not with --from-scratch, which trains on no trunk")
    index = options.own.resolve()
    labels = read_own(index).labels
    return Plan(
        index=index,
        size=SCRATCH if options.from_scratch else options.size or LARGE,
        seed=seed_of(options),
        epochs=options.epochs,
        cascade=routes.given(options.routes, labels) if options.routes else None,
        corpora=options.corpora.resolve(),
        work=options.work.resolve(),
    )


def one_model_plan(options: argparse.Namespace) -> Plan:
    """The plan of ``--model``: a network of the zoo, or one head on the trunk of the large bundle.

    Raises:
        UsageError: no such model, no recordings named, or too few.
    """
    from convert.own.device.networks import NAMES  # noqa: PLC0415 - scikit-learn takes a second

    refuse(options, (*_NOT_WITH_OWN, "size", "routes", "from_scratch"), "not with --model, which is the whole bundle")
    if options.own is None:
        raise UsageError("--model: trains on recordings, expected --own INDEX.csv, or --own FOLDER of a corpus")
    if options.model not in (*NAMES, HEADS):
        raise UsageError(f"--model {options.model}: expected one of {', '.join((*NAMES, HEADS))}")
    index, on_trunk = options.own.resolve(), options.model == HEADS
    return Plan(
        index=index,
        size=LARGE if on_trunk else SCRATCH,
        seed=seed_of(options),
        epochs=options.epochs,
        cascade=routes.alone(read_own(index).labels),
        corpora=options.corpora.resolve(),
        work=options.work.resolve(),
        model=options.model,
    )


def run_own(plan: Plan, options: argparse.Namespace) -> None:
    """Makes the bundle of ``plan``, and prints its figures and where it is."""
    import shutil  # noqa: PLC0415 - for --fresh only

    from convert.bundle import own  # noqa: PLC0415 - matplotlib takes a second
    from convert.card.own.own_card import own_report  # noqa: PLC0415 - as above
    from convert.own import stage  # noqa: PLC0415 - scipy takes a second

    if options.fresh:
        shutil.rmtree(stage.folder(plan), ignore_errors=True)
    made = stage.made(plan, workers_of(options))
    out = options.out or options.work / "bundles" / plan.recipe.name.replace("own", plan.corpus.name, 1)
    bundle = own.write(plan, made, out, options.licence)
    print(json.dumps(bundle.manifest.metrics, indent=1) if options.json else own_report(bundle.manifest))
    name = f"{bundle.manifest.name} {bundle.manifest.version}"
    say(options, f"{bundle.path}: {name}; edged: models.bundle: {bundle.path}")
