"""``python -m convert all --own``: a bundle of a user's recordings, with their labels and figures by folds.

options ──► Plan ──own.stage──► Bundle ──bundle.own──► folder, card
"""

import argparse
import json
import os
from pathlib import Path

from convert.commands.options import natural, seed_of
from convert.own import routes
from convert.own.corpus import read_own
from convert.own.plan import Plan
from convert.recipes.own import OWN_SIZES
from convert.tasks.job import Workers
from convert.tasks.processes import Processes
from edged.errors import UsageError

_NOT_WITH_OWN = ("recipe", "fold")


def add_own(parser: argparse.ArgumentParser) -> None:
    """A user's recordings instead of the corpora of a recipe."""
    group = parser.add_argument_group("recordings of one's own")
    group.add_argument("--own", type=Path, metavar="INDEX.csv", help="file, speaker, emotion; see docs/own-corpus.md")
    group.add_argument("--routes", type=Path, metavar="FILE", help="models and hard route, as in bundle.json")
    group.add_argument("--licence", help="of the bundle, for its card")
    add_workers(group)


def add_workers(parser: "argparse._ArgumentGroup | argparse.ArgumentParser") -> None:
    """Where independent tasks run."""
    parser.add_argument("--jobs", type=natural, default=os.cpu_count() or 1, help="processes for folds (%(default)s)")


def workers_of(options: argparse.Namespace) -> Workers:
    """The workers that ``options`` ask for."""
    return Processes(max(1, options.jobs))


def plan_of(options: argparse.Namespace) -> Plan:
    """The plan that ``options`` name, its recordings checked.

    Raises:
        UsageError: too few recordings, or routes that do not fit.
    """
    for name in _NOT_WITH_OWN:
        if getattr(options, name) is not None:
            raise UsageError(f"--{name}: not with --own, whose recipe and folds are those of its recordings")
    index = options.own.resolve()
    labels = read_own(index).labels
    return Plan(
        index=index,
        size=options.size or OWN_SIZES[0],
        seed=seed_of(options),
        epochs=options.epochs,
        cascade=routes.given(options.routes, labels) if options.routes else None,
        corpora=options.corpora.resolve(),
        work=options.work.resolve(),
    )


def run_own(options: argparse.Namespace) -> None:
    """Makes the bundle, and prints its figures and where it is."""
    import shutil  # noqa: PLC0415 - for --fresh only

    from convert.bundle import own  # noqa: PLC0415 - matplotlib takes a second
    from convert.card.own.own_card import own_report  # noqa: PLC0415 - as above
    from convert.own import stage  # noqa: PLC0415 - scipy takes a second

    plan = plan_of(options)
    if options.fresh:
        shutil.rmtree(stage.folder(plan), ignore_errors=True)
    made = stage.made(plan, workers_of(options))
    out = options.out or options.work / "bundles" / f"{plan.corpus.name}-{plan.size}"
    bundle = own.write(plan, made, out, options.licence)
    print(json.dumps(bundle.manifest.metrics, indent=1) if options.json else own_report(bundle.manifest))
    print(f"{bundle.path}: {bundle.manifest.name} {bundle.manifest.version}; edged: models.bundle: {bundle.path}")
