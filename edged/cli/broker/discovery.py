"""``edged discovery``, and the discovery messages of the daemon: config and labels to messages for Home Assistant.

Config, labels ──► Device ──► Announcement ──► Announcer, stdout, or topics to clear on the broker
"""

import argparse
import sys

import msgspec

from edged.cli.broker.removal import remove
from edged.cli.bundle import prepared
from edged.cli.config_file import config_file
from edged.config.structs import Config
from edged.homeassistant.announcer import Announcer
from edged.homeassistant.discovery import Announcement, Kind, announcement
from edged.homeassistant.entity import Device
from edged.host.identity import device_id, node_name
from edged.host.metrics import version_of
from edged.models.bundle import Bundle

_DESCRIPTION = """\
Print the MQTT discovery messages that this device publishes for Home Assistant, or remove them from the broker. The
daemon need not run.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to print or to remove."""
    parser.description = _DESCRIPTION
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--remove", action="store_true", help="remove the messages from the broker, and so the device")
    form.add_argument("--raw", action="store_true", help="print one line per message on a terminal too, as in a pipe")


def run(arguments: argparse.Namespace) -> int:
    """Print the discovery messages or remove them from the broker; returns the exit status."""
    config, bundle = prepared(config_file(arguments))
    if arguments.remove:
        return remove_discovery(config, bundle)
    print_discovery(config, bundle, indented=sys.stdout.isatty() and not arguments.raw)
    return 0


def announcer_for(config: Config, bundle: Bundle) -> Announcer | None:
    """Publishes the messages for ``config``; None if discovery is off."""
    if config.homeassistant.discovery == "off":
        return None
    identifier = _device(config, bundle).identifier
    return Announcer(identifier, config.homeassistant.prefix, announcement_for(config, bundle))


def announcement_for(config: Config, bundle: Bundle) -> Announcement:
    """The messages for ``config``; if discovery is off, those that it would publish."""
    kind: Kind = "component" if config.homeassistant.discovery == "component" else "device"
    return announcement(_device(config, bundle), kind, config.homeassistant.prefix)


def print_discovery(config: Config, bundle: Bundle, *, indented: bool) -> None:
    """Print topic and payload of each message: on one line, or the payload indented below its topic."""
    for topic, payload in announcement_for(config, bundle).whole.items():
        if indented:
            print(f"{topic}\n{msgspec.json.format(payload, indent=2).decode()}")
        else:
            print(topic, payload.decode())


def remove_discovery(config: Config, bundle: Bundle) -> int:
    """Remove the messages from the broker and print their topics; returns the exit status.

    Raises:
        PublishError: the broker does not accept messages.
    """
    announced = announcement_for(config, bundle).whole
    identifier = _device(config, bundle).identifier
    for topic in remove(config.mqtt, identifier, config.homeassistant.prefix, announced):
        print(topic)
    return 0


def _device(config: Config, bundle: Bundle) -> Device:
    return Device(
        node=node_name(config.node),
        device_id=device_id(),
        labels=bundle.manifest.labels,
        version=version_of("edged"),
        root=config.mqtt.root,
        health_s=config.health_s,
        commands=config.mqtt.commands,
        suggested_area=config.homeassistant.suggested_area,
        calibrates=bundle.manifest.adaptation is not None,
        calls=config.calls.live == "on",
    )
