"""``python -m convert all``: every stage in order, from corpora to a bundle."""

import argparse
import json

from convert.bundle.place import check_out
from convert.card.report import report
from convert.commands.bundle import add_out, write_bundle
from convert.commands.evaluate import evaluate_run
from convert.commands.gate import add_gate, gate_for
from convert.commands.groups.own import add_own, plan_of, refuse_without_own, run_own
from convert.commands.groups.workers import add_workers, workers_of
from convert.commands.options import add_comparisons, add_json, add_run, need_tensorflow, run_of, scope_of
from convert.tasks.beside import beside
from convert.tasks.job import Workers
from convert.tasks.processes import HERE
from convert.train.heads import stage
from convert.train.runs import Run


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_run(parser)
    parser.add_argument("--fresh", action="store_true", help="remove what this run has made before")
    add_gate(parser)
    add_out(parser)
    add_own(parser)
    add_workers(parser)
    add_comparisons(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Trains, quantizes, evaluates and bundles everything that is not done yet."""
    need_tensorflow()
    if options.out is not None:
        check_out(options.out)
    refuse_without_own(options)
    if options.own is not None:
        run_own(plan_of(options), options)
        return
    scope = scope_of(options, short=options.epochs is not None)
    training = run_of(options)
    if options.fresh:
        training.clear()
    workers = workers_of(options)
    if options.jobs == 1:
        train_all(training, workers)
        metrics = evaluate_run(training, scope, gate_for(options))
    else:  # the gate depends on no other model
        with beside(gate_for, options) as gate:
            train_all(training, workers)
            metrics = evaluate_run(training, scope, gate())
    print(json.dumps(metrics, indent=1) if options.json else report(metrics))
    write_bundle(training, options)


def train_all(training: Run, workers: Workers = HERE) -> None:
    """Makes everything that the models of ``training`` need and that does not exist yet."""
    if training.recipe.heads is not None:
        stage.train(training, workers)
        return
    from convert.train.quantize import quantize  # noqa: PLC0415 - TensorFlow takes seconds
    from convert.train.stage import train  # noqa: PLC0415 - TensorFlow takes seconds

    train(training, workers=workers)
    quantize(training)
