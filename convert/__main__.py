"""``python -m convert``: corpora to a bundle, by stages; runs one subcommand.

argv ──► the subcommand's module ──► exit status

Each stage continues from the files that the previous one left under ``--work``, and an interrupted stage resumes.
"""

import sys
from collections.abc import Sequence

from convert.commands import all as whole
from convert.commands import (
    bundle,
    card,
    evaluate,
    gate,
    prepare,
    protocol,
    quantize,
    text,
    train,
    zoo,
)
from convert.commands.options import Parser
from convert.commands.pretrained import encoder, voices
from edged.errors import EdgedError

COMMANDS = {
    "prepare": prepare,
    "train": train,
    "quantize": quantize,
    "evaluate": evaluate,
    "protocol": protocol,
    "gate": gate,
    "encoder": encoder,
    "text": text,
    "voices": voices,
    "bundle": bundle,
    "card": card,
    "all": whole,
    "zoo": zoo,
}
_INTERRUPTED = 130  # 128 and SIGINT, as shells count


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status."""
    try:
        options = _parser().parse_args(arguments)
        options.run(options)
    except EdgedError as exc:
        print(f"convert: {exc}", file=sys.stderr)
        return exc.exit_status
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _parser() -> Parser:
    parser = Parser(prog="python -m convert", description="Corpora to a bundle, by stages.")
    subcommands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands", parser_class=Parser)
    for name, command in COMMANDS.items():
        subcommand = subcommands.add_parser(name, help=command.SUMMARY, description=command.SUMMARY)
        command.arguments(subcommand)
        subcommand.set_defaults(run=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
