"""``edged discovery``, and the discovery messages of the daemon: config and labels to messages for Home Assistant.

Config, labels ──► Device ──► Announcement ──► Announcer, stdout, or topics to clear on the broker
"""

import argparse

from edged.cli.broker.removal import remove
from edged.cli.bundle import prepared
from edged.cli.config_file import config_file
from edged.config.structs import Config
from edged.homeassistant.announcer import Announcer
from edged.homeassistant.discovery import Announcement, Kind, announcement
from edged.homeassistant.entities import Device
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
    parser.add_argument("--remove", action="store_true", help="remove the messages from the broker, and so the device")


def run(arguments: argparse.Namespace) -> int:
    """Print the discovery messages or remove them from the broker; returns the exit status."""
    config, bundle = prepared(config_file(arguments))
    return discovery(config, bundle, removed=arguments.remove)


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


def discovery(config: Config, bundle: Bundle, *, removed: bool) -> int:
    """Print topic and payload of each message, or remove them from the broker; returns the exit status.

    Raises:
        PublishError: they are to be removed, and the broker does not accept messages.
    """
    announced = announcement_for(config, bundle).whole
    if removed:
        identifier = _device(config, bundle).identifier
        for topic in remove(config.mqtt, identifier, config.homeassistant.prefix, announced):
            print(topic)
        return 0
    for topic, payload in announced.items():
        print(topic, payload.decode())
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
    )
