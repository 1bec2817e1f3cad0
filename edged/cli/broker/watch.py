"""``edged watch``: shows live what devices publish.

broker ──Subscriber──► View ──► one line per message on stdout, until SIGTERM
"""

import argparse
import sys
from typing import TextIO

import msgspec

from edged.cli.config_file import config_from
from edged.cli.signals import stopping
from edged.cli.values import host, node, port
from edged.cli.view import view_for
from edged.config.structs import Mqtt
from edged.host.process.flag import IsSet
from edged.mqtt.subscriber import Subscriber

_WAKE_S = 0.2  # between two checks of the stop flag


_DESCRIPTION = """\
Show what devices publish on the broker, live, until Ctrl-C. Without options it shows the node and the broker of the
config, or all nodes if the config names none.
"""
_EXAMPLES = """\
examples:
  edged watch --all
  edged watch --node kitchen --host hub.local
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which node, and which broker."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    nodes = parser.add_mutually_exclusive_group()
    nodes.add_argument("--node", type=node, metavar="NODE", help="show this node")
    nodes.add_argument("--all", action="store_true", help="show all nodes")
    parser.add_argument("--host", type=host, metavar="HOST", help="broker (default: mqtt.host)")
    parser.add_argument("--port", type=port, metavar="PORT", help="port of the broker (default: mqtt.port)")


def run(arguments: argparse.Namespace) -> int:
    """Show messages until SIGTERM or Ctrl-C; returns the exit status."""
    config = config_from(arguments)
    mqtt = msgspec.structs.replace(
        config.mqtt, host=arguments.host or config.mqtt.host, port=arguments.port or config.mqtt.port
    )
    with stopping() as stop:
        watch(mqtt, "" if arguments.all else arguments.node or config.node, sys.stdout, stop)
    return 0


def watch(mqtt: Mqtt, name: str, out: TextIO, stop: IsSet) -> None:
    """Show what node ``name`` publishes, or all nodes if it is empty, until ``stop`` is set."""
    view = view_for(out, mqtt.root, show_node=not name)
    with Subscriber(mqtt, name or "+") as subscriber:
        while not stop.is_set():
            if received := subscriber.received(_WAKE_S):
                print(view.line(received), file=out, flush=True)
