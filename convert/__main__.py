"""``python -m convert prepare|train|quantize|evaluate|bundle|all|gate|protocol``: corpora to a bundle, by stages.

Each stage takes up what the one before left under ``--work`` and can be broken off and started again at any time.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from convert.bundle import origin
from convert.card.clip_tables import protocols_table
from convert.card.gate_section import section
from convert.card.report import report
from convert.data import dataset
from convert.data.material import material
from convert.evaluate.alternatives import rival
from convert.evaluate.measure import Beside
from convert.gate.material import absent
from convert.gate.recipe import gate_recipe
from convert.recipes.cascade import FIRST, TASKS
from convert.recipes.catalogue import RECIPES, recipe
from convert.score.folds import pooled
from convert.stream.stage import SHORT, WHOLE
from convert.train.runs import Run
from edged.errors import EdgedError, UsageError
from edged.models.bundle import DEFAULT_BUNDLE

if TYPE_CHECKING:
    from convert.gate.stage import Made

ROOT = Path(__file__).parents[1]
STAGES = {
    "prepare": "log-mel of every clip, computed once",
    "train": "the five networks, float",
    "quantize": "full-integer int8 models, within the budget",
    "evaluate": "temperatures and routes on validation speakers, figures on the others",
    "protocol": "a corpus' published protocol, fold by fold: ravdess, emodb, cremad",
    "gate": "the speech gate: trained, quantized, judged beside its rivals; --bundle B puts it into B",
    "bundle": "bundle.json and the model card, with the gate, proved and put in place",
    "all": "all stages in order",
}
_INTERRUPTED = 130  # 128 and SIGINT, as shells count


class _Parser(argparse.ArgumentParser):
    """Ends with the project's exit status instead of argparse's own."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (python -m convert --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit status."""
    try:
        _run(_parser().parse_args(arguments))
    except EdgedError as exc:
        print(f"convert: {exc}", file=sys.stderr)
        return exc.exit_status
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _run(options: argparse.Namespace) -> None:
    _check(options)
    if options.stage == "evaluate" and (options.bundle or options.index):
        _evaluate_bundle(options)
        return
    if options.stage in ("gate", "protocol"):
        (_gate if options.stage == "gate" else _protocol)(options)
        return
    chosen = recipe(options.recipe, options.epochs)
    found = material(options.corpora, chosen, options.fold)
    dataset.prepare(found.all(), options.work / "cache")
    if options.stage == "prepare":
        return
    run = Run(chosen, options.seed, options.fold, options.work, found)
    if options.fresh:
        run.clear()
    everything = options.stage == "all"
    tasks = (FIRST,) if options.first else TASKS
    _need_tensorflow()
    if options.stage == "train" or everything:
        from convert.train.stage import train  # noqa: PLC0415 - TensorFlow takes seconds

        train(run, tasks)
    if options.stage == "quantize" or everything:
        from convert.train.quantize import quantize  # noqa: PLC0415 - TensorFlow takes seconds

        quantize(run, tasks)
    if options.stage == "evaluate" or everything:
        _evaluate_run(run, options)
    if options.stage == "bundle" or everything:
        from convert.bundle.writer import bundle  # noqa: PLC0415 - matplotlib takes a second

        made = bundle(run, options.out or _out(run), _gate_made(options))
        print(f"{made.path}: {made.manifest.name} {made.manifest.version}, {made.manifest.routes.default} routing")


def _check(options: argparse.Namespace) -> None:
    """Refuses what no stage could do."""
    if options.clips and options.stage == "all":
        raise UsageError("--clips: leaves out what a bundle's card must have, expected evaluate")
    if options.clips and options.bundle and not options.index and not (options.rival or options.runs):
        raise UsageError("--clips: a bundle's card keeps the rest, expected --rival or --runs to put beside it")


def _evaluate_run(run: Run, options: argparse.Namespace) -> None:
    from convert.evaluate import stage  # noqa: PLC0415 - matplotlib and scikit-learn take seconds

    if options.baseline:
        found = {"heard": stage.evaluate_heard(run)}
    elif options.stream:
        found = {"stream": stage.evaluate_stream(run, _beside(options), _gate_made(options))}
    else:
        gate = None if options.clips else _gate_made(options)
        found = stage.evaluate(run, _beside(options), gate)
    _told(found, report(found), options)


def _out(run: Run) -> Path:
    """The shipped bundle is only replaced by a whole training of the recipe that may be shipped."""
    shipped = run.recipe == RECIPES["default"] and run.fold is None
    return DEFAULT_BUNDLE if shipped else run.work / "bundles" / run.path.name


def _gate(options: argparse.Namespace) -> None:
    _need_tensorflow()
    from convert.gate.stage import make  # noqa: PLC0415 - matplotlib takes a second

    made = make(options.corpora, options.work, gate_recipe(options.epochs), options.seed, fresh=options.fresh)
    print(json.dumps(made.figures, indent=1) if options.json else section(made.model, made.training, made.figures))
    if options.bundle:
        from convert.bundle.writer import with_gate  # noqa: PLC0415 - matplotlib takes a second

        with_gate(options.bundle, made)


def _protocol(options: argparse.Namespace) -> None:
    _need_tensorflow()
    from convert.evaluate.protocols import judged, protocol  # noqa: PLC0415 - TensorFlow takes seconds

    chosen = protocol(options.name)
    folds = judged(chosen, options.corpora, options.work, options.seed, options.fold)
    told = {
        "command": f"python -m convert protocol {options.name} --seed {options.seed}",
        "of": chosen.n_folds,
        "folds": {number: {**fold, "commit": origin.commit()} for number, fold in folds.items()},
    }
    print(
        json.dumps({**told, "rows": pooled(folds)}, indent=1)
        if options.json
        else protocols_table({chosen.corpus: told})
    )
    if options.bundle:
        from convert.bundle.writer import with_protocol  # noqa: PLC0415 - matplotlib takes a second

        with_protocol(options.bundle, options.name, told)


def _gate_made(options: argparse.Namespace) -> "Made | None":
    """The gate for a bundle; none where its corpora are absent, nor for a fold, whose speakers it may have heard."""
    from convert.gate.stage import make  # noqa: PLC0415 - matplotlib takes a second

    found = gate_recipe(options.epochs)
    missing = absent(options.corpora, found)
    if missing or options.fold is not None:
        reason = f"no {', '.join(missing)}" if missing else f"fold {options.fold}"
        print(f"gate: {reason}: the bundle goes without and is gated by level", file=sys.stderr)
        return None
    return make(options.corpora, options.work, found, options.seed)


def _evaluate_bundle(options: argparse.Namespace) -> None:
    """On the clips of an index, or on the material of its recipe, whose figures then go into its card."""
    from convert.evaluate import stage  # noqa: PLC0415 - matplotlib and scikit-learn take seconds

    path = options.bundle or DEFAULT_BUNDLE
    part = "stream" if options.stream else "heard" if options.baseline else None
    if options.index is None and part is not None:
        found = {part: stage.evaluate_part(path, options.work, _beside(options), part)}
    elif options.index is None and options.clips:
        found = stage.evaluate_beside(path, options.work, _beside(options)).manifest.metrics
    elif options.index is None:
        found = stage.evaluate_bundle(path, options.work, _beside(options)).manifest.metrics
    else:
        found = stage.evaluate_index(path, options.index, options.work, _beside(options))
    _told(found, report(found), options)


def _beside(options: argparse.Namespace) -> Beside:
    lengths = WHOLE if options.epochs is None else SHORT
    return Beside(options.corpora, [rival(text) for text in options.rival], options.runs, lengths, options.clips)


def _told(found: dict[str, Any], text: str, options: argparse.Namespace) -> None:
    print(json.dumps(found, indent=1) if options.json else text)


def _need_tensorflow() -> None:
    try:
        import tensorflow  # noqa: F401, ICN001, PLC0415 - asked for before hours of work need it
    except ImportError as exc:
        raise UsageError(f"{exc}: expected the extra convert: pip install -e '.[convert]'") from exc


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m convert", description=(__doc__ or "").splitlines()[0])
    stages = parser.add_subparsers(dest="stage", required=True, metavar="|".join(STAGES), parser_class=_Parser)
    for name, what in STAGES.items():
        stage = stages.add_parser(name, help=what, description=what)
        if name == "protocol":
            stage.add_argument("name", help="the corpus")
        stage.add_argument("--corpora", type=Path, default=_corpora(), help="a folder for each corpus (%(default)s)")
        stage.add_argument("--work", type=Path, default=ROOT / "build" / "convert", help="what is kept between stages")
        stage.add_argument("--recipe", default="default", help=", ".join(RECIPES))
        stage.add_argument("--seed", type=int, default=1)
        stage.add_argument("--fold", type=int, help="test on fold 0, 1, … instead of the committed split")
        stage.add_argument("--epochs", type=int, help="cut every training to so many, to try the way")
        stage.add_argument("--first", action="store_true", help="train, quantize: the first model alone, for a rival")
        stage.add_argument("--fresh", action="store_true", help="forget what this run has made before")
        stage.add_argument("--out", type=Path, help="the bundle's folder (edged/models/default for the default recipe)")
        stage.add_argument("--json", action="store_true", help="figures as JSON on stdout")
        stage.add_argument(
            "--bundle", type=Path, help="evaluate: this one, card and all; gate, protocol: to put it into"
        )
        stage.add_argument("--index", type=Path, help="evaluate: an index.csv of clips instead of the test speakers")
        stage.add_argument("--baseline", action="store_true", help="evaluate: only what the device's baseline is worth")
        stage.add_argument("--stream", action="store_true", help="evaluate: only the episodes in long recordings")
        stage.add_argument(
            "--clips",
            action="store_true",
            help="evaluate: no worse conditions, no long recordings; of a bundle only what --rival and --runs name",
        )
        stage.add_argument(
            "--rival", action="append", default=[], metavar="NAME=FILE[,FILE…]", help="evaluate: other models beside it"
        )
        stage.add_argument("--runs", type=Path, nargs="+", default=[], help="evaluate: a table of these runs' folders")
    return parser


def _corpora() -> Path:
    return Path(os.environ.get("EDGED_CORPORA") or ROOT.parent / "shared" / "corpora")


if __name__ == "__main__":
    sys.exit(main())
