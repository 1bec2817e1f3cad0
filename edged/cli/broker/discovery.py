"""``edged discovery``, and the discovery messages of the daemon: config and labels to messages for Home Assistant.

Config, labels ──► Device ──► Announcement ──► Announcer, stdout, or topics to clear on the broker
Config, --hub ──► PlaceDevice of each place ──► the same
"""

import argparse
import re
import sys
from collections.abc import Iterable, Mapping

import msgspec

from edged.cli.broker.removal import remove
from edged.cli.bundle import prepared
from edged.cli.config_file import config_file
from edged.cli.log import log_to_stderr
from edged.config.hub.structs import Place
from edged.config.structs import Config
from edged.contract.topics import MOOD, place_topic
from edged.errors import ConfigError, UsageError
from edged.homeassistant.announcer import Announcer
from edged.homeassistant.discovery import Announcement, Kind, announcement
from edged.homeassistant.entity import Device
from edged.host.identity import device_id, hub_name, node_name
from edged.host.metrics import version_of
from edged.models.bundle import Bundle

_DESCRIPTION = """\
Print the MQTT discovery messages that this device publishes for Home Assistant, or those of the places of edged hub, or
remove them from the broker. Neither the daemon nor the hub needs to run.
"""
_EXAMPLES = """\
examples:
  edged discovery --remove
  edged discovery --hub --config /etc/edged/hub.yaml
  edged discovery --place pantry --remove --config /etc/edged/hub.yaml
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to print or to remove, and of what."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument("--hub", action="store_true", help="of all places of the config instead of this device")
    parser.add_argument(
        "--place",
        action="append",
        default=[],
        metavar="PLACE",
        help="of this place; with --remove also one that is no longer in the config; may be repeated",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--remove", action="store_true", help="remove the messages from the broker, and so the device")
    form.add_argument("--raw", action="store_true", help="print one line per message on a terminal too, as in a pipe")


def run(arguments: argparse.Namespace) -> int:
    """Print the discovery messages or remove them from the broker; returns the exit status.

    Raises:
        ConfigError: ``--hub``, and there is no place.
        UsageError: ``--place`` names none, or one that is not in the config and not to be removed.
        PublishError: the broker does not accept messages.
    """
    announced, config = _announced(arguments)
    if arguments.remove:
        known = [topic for one in announced.values() for topic in one.whole] + _leftover_moods(config, arguments.place)
        for topic in remove(config.mqtt, announced.keys(), config.homeassistant.prefix, known):
            print(topic)
        return 0
    for one in announced.values():
        _print(one, indented=sys.stdout.isatty() and not arguments.raw)
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


def _print(announced: Announcement, *, indented: bool) -> None:
    """Print topic and payload of each message: on one line, or the payload indented below its topic."""
    for topic, payload in announced.whole.items():
        if indented:
            print(f"{topic}\n{msgspec.json.format(payload, indent=2).decode()}")
        else:
            print(topic, payload.decode())


def _announced(arguments: argparse.Namespace) -> tuple[Mapping[str, Announcement], Config]:
    """By identifier, what this device publishes, or what the places do."""
    file = config_file(arguments)
    if not (arguments.hub or arguments.place):
        config, bundle = prepared(file)
        return {_device(config, bundle).identifier: announcement_for(config, bundle)}, config
    from edged.cli.broker.hub_parts import place_announcements  # noqa: PLC0415 - `edged run` loads nothing of the hub

    config = file.load()
    log_to_stderr(config.log_level)
    places = _places(config, arguments, str(file.path or "config"))
    return place_announcements(config, hub_name(config.hub.name), places), config


def _leftover_moods(config: Config, places: Iterable[str]) -> list[str]:
    """Topics of moods that the broker may retain of ``places`` no longer in the config: no hub will clear them."""
    removed = [place for place in dict.fromkeys(places) if place not in config.hub.places]
    return [place_topic(place, MOOD, config.mqtt.root).name.removeprefix("/") for place in removed]


def _places(config: Config, arguments: argparse.Namespace, file: str) -> dict[str, Place]:
    known = config.hub.places
    if arguments.hub and not known:
        raise ConfigError(f"{file}: hub.places is empty, expected at least one place")
    for name in arguments.place:
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
            raise UsageError(f"--place is {name!r}, expected at most 64 of a-z A-Z 0-9 _ -")
        if name not in known and not arguments.remove:
            raise UsageError(f"--place is {name!r}, expected one of hub.places in {file}, or --remove")
    return {
        name: known.get(name, Place()) for name in dict.fromkeys([*(known if arguments.hub else ()), *arguments.place])
    }


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
