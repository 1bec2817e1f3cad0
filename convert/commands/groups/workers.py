"""Options that say where independent tasks run, to their workers.

--jobs N, --ray [ADDRESS] ──► Workers
"""

import argparse
import os

from convert.commands.options import positive
from convert.tasks.job import Workers
from convert.tasks.processes import Processes

_LOCAL = "local"


def add_workers(parser: "argparse._ArgumentGroup | argparse.ArgumentParser") -> None:
    """Where independent tasks run."""
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, help="tasks at once (%(default)s)")
    parser.add_argument(
        "--ray",
        nargs="?",
        const=_LOCAL,
        metavar="ADDRESS",
        help="on a Ray cluster, without an address on this machine's cores (extra cluster)",
    )


def workers_of(options: argparse.Namespace) -> Workers:
    """The workers that ``options`` ask for.

    Raises:
        UsageError: Ray is not installed.
    """
    if options.ray is None:
        return Processes(options.jobs)
    from convert.tasks.on_ray import OnRay  # noqa: PLC0415 - an extra

    return OnRay(None if options.ray == _LOCAL else options.ray)
