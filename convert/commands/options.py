"""Options that several subcommands share, to the values that they mean.

arguments ──argparse──► options ──► Run, Scope
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from convert.data import dataset
from convert.data.material import material
from convert.evaluate.adaptation_curves import N_TRIALS
from convert.evaluate.alternatives import alternative
from convert.evaluate.measure import Scope
from convert.recipes.catalogue import RECIPES, SIZES, recipe
from convert.stream.stage import SHORT, WHOLE
from convert.train.runs import Run
from edged.cli.values import path
from edged.errors import UsageError

ROOT = Path(__file__).parents[2]


class _Renamed(argparse.Action):
    """An option's former name, which is refused with a message that names the new one."""

    def __call__(self, _parser: Any, _options: Any, _values: Any, option: str | None = None) -> NoReturn:  # noqa: ANN401 - argparse's own
        raise UsageError(f"{option}: this option is now called {self.const}")


def former_name(parser: argparse.ArgumentParser, old: str, new: str) -> None:
    """Refuses the option ``old`` in a sentence that names ``new``."""
    parser.add_argument(old, action=_Renamed, nargs="*", const=new, help=argparse.SUPPRESS)


def natural(text: str) -> int:
    """A number 0, 1, 2, … from the command line."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 0 or more")
    return int(text)


def positive(text: str) -> int:
    """A number 1, 2, … from the command line."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 1 or more")
    return int(text)


def add_folders(parser: argparse.ArgumentParser) -> None:
    """Where corpora are, and where stages leave their files."""
    corpora = Path(os.environ.get("EDGED_CORPORA") or ROOT.parent / "shared" / "corpora")
    parser.add_argument("--corpora", type=path, default=corpora, help="folder with a folder per corpus (%(default)s)")
    add_work(parser)


def add_work(parser: argparse.ArgumentParser) -> None:
    """Where stages keep their files."""
    parser.add_argument("--work", type=path, default=ROOT / "build" / "convert", help="folder for intermediate files")


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Which recipe."""
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--recipe", help=f"{', '.join(RECIPES)} ({SIZES['small']})")
    chosen.add_argument("--size", choices=SIZES, help="the recipe of the shipped bundle of this size")


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Which seed."""
    parser.add_argument("--seed", type=natural, help="of the training (1)")


def add_epochs(parser: argparse.ArgumentParser) -> None:
    """The longest training."""
    parser.add_argument("--epochs", type=natural, help="limit every training to this many epochs, for a trial")


def add_run(parser: argparse.ArgumentParser) -> None:
    """Everything that names a training."""
    add_folders(parser)
    add_recipe(parser)
    add_seed(parser)
    parser.add_argument("--fold", type=natural, help="test on fold 0, 1, … instead of the committed split")
    add_epochs(parser)


def add_comparisons(parser: argparse.ArgumentParser) -> None:
    """Comparisons with the cascade."""
    parser.add_argument(
        "--alternative",
        action="append",
        default=[],
        metavar="NAME=FILE[,FILE…]",
        help="other models on the same clips; several files are averaged",
    )
    parser.add_argument("--runs", type=path, nargs="+", default=[], help="folders of runs: mean and spread over them")
    former_name(parser, "--rival", "--alternative")


def add_json(parser: argparse.ArgumentParser) -> None:
    """JSON instead of Markdown."""
    parser.add_argument("--json", action="store_true", help="print the metrics as JSON")


def run_of(options: argparse.Namespace) -> Run:
    """The training that ``options`` name, its clips prepared."""
    chosen = recipe(recipe_of(options), options.epochs)
    clips = material(options.corpora, chosen, options.fold)
    dataset.prepare(clips.all(), options.work / "cache")
    return Run(chosen, seed_of(options), options.fold, options.work, clips)


def recipe_of(options: argparse.Namespace) -> str:
    """The name of the recipe that ``options`` ask for."""
    return str(SIZES[options.size] if options.size else options.recipe or SIZES["small"])


def seed_of(options: argparse.Namespace) -> int:
    """The seed that ``options`` name, 1 by default."""
    return 1 if options.seed is None else int(options.seed)


def scope_of(options: argparse.Namespace, *, clips_only: bool = False, short: bool = False) -> Scope:
    """What is measured besides clips; ``short`` recordings and one draw of each speaker are enough for a trial."""
    others = [alternative(text) for text in options.alternative]
    n_trials = 1 if short else N_TRIALS
    return Scope(options.corpora, others, options.runs, SHORT if short else WHOLE, n_trials, clips_only)


def refuse(options: argparse.Namespace, names: Sequence[str], reason: str) -> None:
    """Refuses those options of ``names`` that were given.

    Raises:
        UsageError: one of them was.
    """
    for name in names:
        value = getattr(options, name)
        if value is not None and value is not False and value != []:
            raise UsageError(f"--{name.replace('_', '-')}: {reason}")


def say(options: argparse.Namespace, line: str) -> None:
    """Prints ``line`` after the results: on stderr where they are JSON, so that stdout is JSON alone."""
    print(line, file=sys.stderr if options.json else sys.stdout)


def need_tensorflow() -> None:
    """Checks for TensorFlow before hours of work that need it; it is imported where it is used, which takes seconds.

    Raises:
        UsageError: it is not installed.
    """
    if find_spec("tensorflow") is None:
        raise UsageError("no module named 'tensorflow': expected the extra convert: pip install -e '.[convert]'")
