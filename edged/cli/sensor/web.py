"""``edged web``: pages in a browser, for people without a terminal.

config ──► http://127.0.0.1:8095/calls, until Ctrl-C or SIGTERM
"""

import argparse
import webbrowser
from importlib import import_module

import msgspec

from edged.cli.bundle import prepared
from edged.cli.config_file import config_file
from edged.cli.values import host, port_or_0
from edged.errors import UsageError

_DESCRIPTION = """\
Serve pages for a browser on this machine: drop in recordings of calls, and read their reports. Recordings are deleted
when their report is made, and everything when the program exits.
"""
_EXAMPLES = """\
examples:
  edged web --open
  edged web --port 8100
  ssh -L 8095:127.0.0.1:8095 user@machine edged web
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Address, and whether to open a browser."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "--host", type=host, metavar="ADDRESS", help="address to listen on (default: web.host, 127.0.0.1)"
    )
    parser.add_argument(
        "--port", type=port_or_0, metavar="PORT", help="port (default: web.port, 8095); 0: any that is free"
    )
    parser.add_argument("--open", action="store_true", help="open the first page in a browser")


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal; returns the exit status."""
    config, _ = prepared(config_file(arguments), of_calls=True)
    try:
        program = import_module("edged.web.program")
    except ImportError as exc:
        raise UsageError(f"the pages need other packages ({exc}): pip install 'edged[web]'") from exc
    given = {key: value for key in ("host", "port") if (value := getattr(arguments, key)) is not None}
    config = msgspec.structs.replace(config, web=msgspec.structs.replace(config.web, **given))

    def ready(address: str) -> None:
        print(f"{address}\nCtrl-C ends it.", flush=True)
        if arguments.open:
            webbrowser.open(address)

    program.run(config, ready, program.origin_of(given))
    return 0
