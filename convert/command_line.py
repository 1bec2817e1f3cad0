"""Runs one subcommand of ``python -m convert``: corpora to a bundle, by stages.

argv ──argparse──► the subcommand's module ──run──► exit status

Each stage continues from the files that the previous one left under ``--work``, and an interrupted stage resumes.  The
module of a subcommand is imported when it is chosen, since together they take seconds.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from edged.cli.terminal import abandon_stdout, prepare
from edged.errors import EdgedError, OutputError, UsageError

# Each module has ``arguments`` and ``run``.
COMMANDS = {
    "prepare": ("prepare", "compute the log-mel of every clip, once"),
    "train": ("train", "train the five networks, or a trunk and the heads on it"),
    "quantize": ("quantize", "convert the networks to full-integer int8 models"),
    "evaluate": ("evaluate", "measure a run or a bundle on speakers that it was not trained on"),
    "protocol": ("protocol", "test every speaker of a corpus once: ravdess, emodb or cremad"),
    "gate": ("gate", "train, quantize and evaluate the speech gate"),
    "encoder": (
        "pretrained.encoder",
        "fetch the pretrained encoder and check it; --probe: a linear head on its features, corpus by corpus",
    ),
    "text": ("text", "train and measure the text models: linear, or a fine-tuned BERT"),
    "voices": (
        "pretrained.voices",
        "make the weights that separate two voices; --evaluate: how much speech they give to the wrong one",
    ),
    "bundle": ("bundle", "write the bundle and its model card, with the gate"),
    "card": ("card", "write a bundle's model card and plots again, from its manifest"),
    "all": ("all", "run all stages in order"),
    "zoo": ("zoo", "train and test other recognisers on the same speakers, see docs/zoo.md"),
}


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs one subcommand; returns its exit status."""

    def work() -> None:
        options = _parser().parse_args(arguments)
        options.run(options)

    return ended("convert", work)


def ended(program: str, work: Callable[[], None]) -> int:
    """Does ``work``; the exit status, and a line on stderr if it failed for its input or for a file."""
    prepare()
    try:
        try:
            work()
        finally:
            sys.stdout.flush()  # here, where its errors are still caught
    except EdgedError as exc:
        print(f"{program}: {exc}", file=sys.stderr)
        if isinstance(exc, OutputError):
            abandon_stdout()
        return exc.exit_status
    except BrokenPipeError:
        abandon_stdout()  # the reader has gone (`| head`), which is not an error
        return 0
    except OSError as exc:  # a full disk, a file in place of a folder, a folder of somebody else
        where = f"{exc.filename}: " if exc.filename is not None else ""
        print(f"{program}: {where}{exc.strerror or exc}, expected to read and write there", file=sys.stderr)
        return EdgedError.exit_status
    return 0


class Parser(argparse.ArgumentParser):
    """Ends with the project's exit status instead of argparse's own; options cannot be abbreviated.

    A subcommand names its ``module``, whose options are added when it is chosen.
    """

    def __init__(self, *, module: str = "", **named: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(**named, allow_abbrev=False)
        self._module = module

    def error(self, message: str) -> NoReturn:
        """One line, exit status 64."""
        raise UsageError(f"{message} ({self.prog} --help)")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - argparse's own
        """Adds the arguments of the subcommand first, which has been chosen."""
        if self._module:
            command = import_module(f"convert.commands.{self._module}")
            command.arguments(self)
            self.set_defaults(run=command.run)
        return super().parse_known_args(args, namespace)


def _parser() -> Parser:
    parser = Parser(prog="python -m convert", description="Corpora to a bundle, by stages.")
    subcommands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands", parser_class=Parser)
    for name, (module, summary) in COMMANDS.items():
        subcommands.add_parser(name, help=summary, description=summary, module=module)
    return parser
