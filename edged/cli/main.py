"""``edged``: runs one command; the one place where errors become a line on stderr and a status.

argv ──parser──► the command's module ──run──► exit status
"""

import resource
import sys
from collections.abc import Sequence

from edged.cli.log import log_to_stderr
from edged.cli.parser import parser
from edged.cli.terminal import abandon_stdout, prepare
from edged.errors import EdgedError, OutputError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status."""
    prepare()
    try:
        return _command(argv)
    except EdgedError as exc:
        print(f"edged: {exc}", file=sys.stderr)
        if isinstance(exc, OutputError):
            abandon_stdout()
        return exc.exit_status
    except BrokenPipeError:
        # Whoever read our lines went away (`| head`): nothing is wrong, and nobody is left to tell.
        abandon_stdout()
        return 0
    except KeyboardInterrupt:
        return 130


def _command(argv: Sequence[str] | None) -> int:
    try:
        arguments = parser().parse_args(argv)
        # The image of a process that crashes would hold the sound that it has just heard.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        log_to_stderr("info")
        status: int = arguments.command.run(arguments)
        return status
    finally:
        sys.stdout.flush()  # here, where what it raises is still caught
