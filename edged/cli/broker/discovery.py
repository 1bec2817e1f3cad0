"""`edged discovery`, and what the daemon announces: the config and the bundle's labels to what Home Assistant is told.

Config, labels ──► Device ──► messages ──► Announcer, stdout, or what is taken away from the broker
"""

import argparse
from collections.abc import Callable

from edged.cli.broker.removal import remove
from edged.cli.bundle import prepared
from edged.config.structs import Config
from edged.homeassistant.announcer import Announcer
from edged.homeassistant.discovery import Messages, messages
from edged.homeassistant.entities import Device
from edged.host.identity import device_id, node_name
from edged.host.metrics import version_of
from edged.models.bundle import Bundle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to print or to take away."""
    parser.add_argument("--remove", action="store_true", help="take all of it away from the broker instead")


def run(arguments: argparse.Namespace) -> int:
    """Print what Home Assistant is told, or take it away; the exit status."""
    config, bundle = prepared(arguments)
    return discovery(config, bundle, taken_away=arguments.remove)


def announcer_for(in_force: Callable[[], Config], bundle: Bundle) -> Announcer | None:
    """What keeps Home Assistant told, by the config that is ``in_force``; None where it is to be told nothing."""
    config = in_force()
    if config.homeassistant.discovery == "off":
        return None
    identifier = _device(config, bundle).identifier
    return Announcer(identifier, config.homeassistant.prefix, lambda: _announced(in_force(), bundle))


def discovery(config: Config, bundle: Bundle, *, taken_away: bool) -> int:
    """Print what Home Assistant is told, topic and payload a line, or take it away; the exit status.

    Raises:
        PublishError: it is to be taken away, and the broker does not take messages.
    """
    announced = _announced(config, bundle)
    if taken_away:
        identifier = _device(config, bundle).identifier
        for topic in remove(config.mqtt, identifier, config.homeassistant.prefix, announced):
            print(topic)
        return 0
    for topic, payload in announced.items():
        print(topic, payload.decode())
    return 0


def _announced(config: Config, bundle: Bundle) -> Messages:
    """As one message where the config says that none is to be published: what would be."""
    kind = config.homeassistant.discovery
    return messages(
        _device(config, bundle), "component" if kind == "component" else "device", config.homeassistant.prefix
    )


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
