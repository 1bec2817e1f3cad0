"""``edged watch``: shows live what devices publish.

broker ──Subscriber──► View ──► one line per message on stdout, until SIGTERM
"""

import argparse
import sys
import threading
from typing import TextIO

from edged.cli.config_file import config_from
from edged.cli.signals import stopping
from edged.cli.view import view_for
from edged.config.structs import Mqtt
from edged.mqtt.subscriber import Subscriber

_WAKE_S = 0.2  # between two checks of the stop flag


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""
    parser.description = "Show what devices publish on the broker, live, until Ctrl-C."


def run(arguments: argparse.Namespace) -> int:
    """Show the messages of the config's node, or of all nodes; returns the exit status."""
    config = config_from(arguments)
    with stopping() as stop:
        return watch(config.mqtt, config.node, sys.stdout, stop)


def watch(mqtt: Mqtt, node: str, out: TextIO, stop: threading.Event) -> int:
    """Show what ``node`` publishes, or all nodes if it is empty, until ``stop`` is set; returns the exit status."""
    view = view_for(out, mqtt.root, show_node=not node)
    with Subscriber(mqtt, node or "+") as subscriber:
        while not stop.is_set():
            if received := subscriber.received(_WAKE_S):
                print(view.line(received), file=out, flush=True)
    return 0
