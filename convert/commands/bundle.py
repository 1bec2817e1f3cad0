"""``python -m convert bundle``: ``bundle.json``, models, card and plots, verified and put in place; or one model."""

import argparse
from pathlib import Path

from convert.bundle.place import check_out
from convert.commands.gate import add_gate, gate_for
from convert.commands.groups.own import add_own, one_model_plan, refuse_without_own, run_own
from convert.commands.groups.workers import add_workers
from convert.commands.options import add_json, add_run, need_tensorflow, run_of, say
from convert.recipes.catalogue import RECIPES, SIZES
from convert.train.runs import Run
from edged.cli.values import path
from edged.errors import UsageError
from edged.models.bundle import BUNDLES


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_run(parser)
    add_gate(parser)
    add_out(parser)
    parser.add_argument("--model", metavar="NAME", help="a bundle of one model on --own: see docs/own-corpus.md")
    add_own(parser)
    add_workers(parser)
    parser.add_argument("--fresh", action="store_true", help="with --model: remove what it has made before")
    add_json(parser)


def add_out(parser: argparse.ArgumentParser) -> None:
    """The bundle's folder."""
    parser.add_argument("--out", type=path, help="the bundle's folder (with --size edged/models/SIZE, else in --work)")


def run(options: argparse.Namespace) -> None:
    """Writes the bundle of a run that has been evaluated."""
    need_tensorflow()
    if options.out is not None:
        check_out(options.out)
    refuse_without_own(options)
    if options.model is not None:
        run_own(one_model_plan(options), options)
        return
    if options.own is not None:
        raise UsageError("--own: expected --model NAME with it, or python -m convert all --own")
    write_bundle(run_of(options), options)


def write_bundle(training: Run, options: argparse.Namespace) -> None:
    """Writes the bundle of ``training`` and prints where it is."""
    from convert.bundle.writer import bundle  # noqa: PLC0415 - matplotlib takes a second

    made = bundle(training, options.out or default_folder(training, options.size), gate_for(options))
    say(options, f"{made.path}: {made.manifest.name} {made.manifest.version}, {made.manifest.routes.default} routing")


def default_folder(training: Run, size: str | None) -> Path:
    """The shipped bundle of ``size`` is replaced only by a complete training of its recipe, by name."""
    if size is not None and training.recipe == RECIPES[SIZES[size]] and training.fold is None:
        return BUNDLES / size
    return training.work / "bundles" / training.path.name
