"""Options of ``python -m convert evaluate``, and combinations that are refused.

command line ──arguments──► options ──check──► accepted, or one line with what is expected
"""

import argparse

from convert.commands.gate import add_gate
from convert.commands.options import ROOT, add_comparisons, add_json, add_run, former_name, refuse
from convert.commands.text import add_text
from convert.data import splits
from edged.cli.values import path
from edged.errors import UsageError

_PARTS = ("rows", "adaptation", "stream", "conditions", "seeds")  # those that can be measured alone
_NAMED_PARTS = "--rows, --adaptation, --stream, --conditions or --seeds"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_run(parser)
    parser.add_argument("--bundle", type=path, help="this bundle instead of a run; its metrics and card are replaced")
    parser.add_argument("--index", type=path, help="an index.csv of clips instead of the recipe's; nothing is written")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--rows", action="store_true", help="only the clips of each corpus as they are")
    part.add_argument("--adaptation", action="store_true", help="only UAR by seconds of adaptation")
    part.add_argument("--stream", action="store_true", help="only episodes in long recordings")
    part.add_argument(
        "--conditions",
        action="store_true",
        help="only noise, rooms, telephone; shifted, cut, shouted and whispered clips",
    )
    part.add_argument(
        "--seeds",
        action="store_true",
        help="only the spread over three seeds of the first head, trained again on the bundle's trunk",
    )
    part.add_argument(
        "--calls",
        action="store_true",
        help="only composed calls and their scores; nothing is written",
    )
    part.add_argument(
        "--clips",
        action="store_true",
        help="no worse conditions and no long recordings; for a bundle only with --alternative or --runs",
    )
    part.add_argument(
        "--transforms",
        action="store_true",
        help="only labels that change with an offset, hum, shift, level or channel",
    )
    part.add_argument(
        "--fusion",
        action="store_true",
        help="only voice and words together: the control, pairs by label, real transcripts; nothing is written",
    )
    parser.add_argument(
        "--write", action="store_true", help="with one of the first five: put it into the bundle, its card and plots"
    )
    parser.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="NAME",
        help="with one of them: only this corpus, or validation",
    )
    add_text(parser)
    parser.add_argument(
        "--checkout", type=path, default=ROOT, help="with --transforms: the source tree whose edged classify answers"
    )
    parser.add_argument(
        "--side", choices=splits.SPLITS, default="test", help="which speakers, with --transforms or --calls"
    )
    parser.add_argument(
        "--short", action="store_true", help="a minute of each long recording and one draw of each speaker, for a trial"
    )
    add_gate(parser)
    add_comparisons(parser)
    former_name(parser, "--baseline", "--adaptation")
    add_json(parser)


def check(options: argparse.Namespace) -> None:
    """Refuses options that would have no effect together.

    Raises:
        UsageError: there are some.
    """
    if options.bundle or options.index:
        refuse(options, ("recipe", "seed", "fold", "epochs"), "names a run, expected without --bundle and --index")
    part = part_of(options)
    part = part and f"--{part}"
    if options.write and not (part and options.bundle):
        raise UsageError(f"--write: expected --bundle with it, and {_NAMED_PARTS}")
    if options.group and not (part and options.bundle):
        raise UsageError(f"--group: expected --bundle with it, and {_NAMED_PARTS}")
    if options.seeds and not options.bundle:
        raise UsageError("--seeds: of the heads on a finished trunk, expected --bundle with it")
    if options.rows and not options.bundle:
        raise UsageError("--rows: of a run they are --clips, expected --bundle with it")
    if part and (options.alternative or options.runs):
        given = "--alternative" if options.alternative else "--runs"
        raise UsageError(f"{given}: not measured with {part}, expected one of the two")
    if part and options.index:
        raise UsageError(f"{part}: of an index every metric is printed, expected without --index")
    if options.short and (options.rows or options.adaptation or options.conditions or options.clips):
        given = part or "--clips"
        raise UsageError(f"--short: {given} has no long recordings, expected one of the two")
    if options.bundle and options.clips and not (options.index or options.alternative or options.runs):
        raise UsageError("--clips: the rest of a bundle's card stays, expected --alternative or --runs with it")


def part_of(options: argparse.Namespace) -> str | None:
    """The only part of a bundle's metrics that is to be measured, if one is named."""
    return next((name for name in _PARTS if getattr(options, name)), None)
