"""``edged``: runs one command, and turns errors into a line on stderr and an exit status.

argv ──parser──► the command's module ──run──► exit status
"""

import resource
import sys
from collections.abc import Sequence

from edged.cli.log import log_to_stderr, print_error
from edged.cli.parser import parser
from edged.cli.terminal import abandon_stdout, prepare
from edged.errors import EdgedError, OutputError, UsageError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    prepare()
    try:
        return _command(argv)
    except EdgedError as exc:
        print_error(f"edged: {exc}")
        if isinstance(exc, OutputError):
            abandon_stdout()
        return exc.exit_status
    except BrokenPipeError:
        # The reader of stdout has gone (`| head`), which is not an error.
        abandon_stdout()
        return 0
    except KeyboardInterrupt:
        return 130


def _command(argv: Sequence[str] | None) -> int:
    try:
        commands = parser()
        arguments = commands.parse_args(argv)
        if arguments.command is None:
            commands.print_help(sys.stderr)
            return UsageError.exit_status
        # No core dumps: one would contain recent sound.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        log_to_stderr("info")
        status: int = arguments.command.run(arguments)
        return status
    finally:
        sys.stdout.flush()  # here, where its errors are still caught
