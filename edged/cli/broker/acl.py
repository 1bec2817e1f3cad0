"""``edged acl``: an access list for mosquitto that limits a device to its own topics.

    node, user, Home Assistant's prefix ──► user kitchen / topic write edged/kitchen/emotion / …
    --pattern                           ──► pattern write edged/%u/emotion / …, for users named as their nodes
    --hub                               ──► topic read edged/kitchen/emotion / topic write edged/place/…, see hub_acl

An ``acl_file`` allows what it names and nothing else.  mosquitto reports no error for the rest: a forbidden message
does not arrive, which is how ``edged check`` detects it.
"""

import argparse
import re
from collections.abc import Callable, Iterator

from edged.cli.broker.hub import hub_config
from edged.cli.broker.hub_acl import hub_rules
from edged.cli.config_file import config_file
from edged.config.structs import Config
from edged.contract.topics import CHECK, COMMAND, INFO, RESULT, TOPICS, command_of, full_name, result_of
from edged.errors import UsageError
from edged.homeassistant.discovery import filters
from edged.homeassistant.entity import Device
from edged.host.identity import device_id, hub_name, node_name

_READ, _WRITE, _BOTH = "read", "write", "readwrite"
_OTHER_ACCESS = {COMMAND: _READ, CHECK: _BOTH, INFO: _BOTH}  # info reveals another device with the same node
_HEAD = """\
# Access list for mosquitto, for a line of mosquitto.conf: acl_file /etc/mosquitto/edged.acl
# Only what it names is allowed: other clients need rules of their own.
"""
_NO_PATTERN = """\
# Home Assistant's discovery topics contain the device id, for which there is no pattern: `edged acl` prints them.
"""


_DESCRIPTION = """\
Print an access list for mosquitto that allows this device its own topics and nothing else. With --hub, allow a hub what
the places, inputs and actions of the config need.
"""
_EXAMPLES = """\
examples:
  edged acl > /etc/mosquitto/edged.acl
  edged acl --user kitchen --node kitchen
  edged acl --hub --config /etc/edged/hub.yaml
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """User and node, or a pattern."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument("--user", default="", metavar="NAME", help="MQTT user name (default: mqtt.username)")
    parser.add_argument("--node", default="", metavar="NODE", help="node or hub (default: that of the config)")
    parser.add_argument(
        "--pattern", action="store_true", help="cover all devices whose MQTT user name equals their node name"
    )
    parser.add_argument("--hub", action="store_true", help="for edged hub, and for edged mcp with the same config")


def run(arguments: argparse.Namespace) -> int:
    """Print the access list; returns the exit status.

    Raises:
        UsageError: ``--pattern`` beside the name of a device or ``--hub``, or names that :func:`access_list` rejects.
        ConfigError: ``--hub``, and there is no place.
    """
    if arguments.pattern and (arguments.user or arguments.node or arguments.hub):
        raise UsageError("--pattern covers all devices, expected it without --user, --node and --hub")
    file = config_file(arguments)
    config = file.load()
    if arguments.hub:
        config = hub_config(config, "", str(file.path or "config"))
        print(hub_access_list(config, arguments.user, arguments.node), end="")
    elif arguments.pattern:
        print(access_pattern(config), end="")
    else:
        print(access_list(config, arguments.user, arguments.node), end="")
    return 0


def access_list(config: Config, user: str = "", node: str = "") -> str:
    """The list for one device; ``user`` and ``node`` are the config's if empty.

    Raises:
        UsageError: there is no user, or a name would change the meaning of mosquitto's file.
    """
    return _list(user or config.mqtt.username, _name("node", node or node_name(config.node)), config, _rules)


def hub_access_list(config: Config, user: str = "", name: str = "") -> str:
    """The list for the hub of ``config``; ``user`` and ``name`` are the config's if empty.

    Raises:
        UsageError: as for :func:`access_list`, of topics too.
    """
    return _list(user or config.mqtt.username, _name("hub", name or hub_name(config.hub.name)), config, hub_rules)


def _name(what: str, name: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
        raise UsageError(f"{what} is {name!r}, expected at most 64 of a-z A-Z 0-9 _ -")
    return name


def _list(user: str, name: str, config: Config, rules: Callable[[Config, str], Iterator[tuple[str, str]]]) -> str:
    if not user:
        raise UsageError("mqtt.username is empty, expected a user name there, --user NAME or --pattern")
    if not user.isprintable() or user != user.strip():
        raise UsageError(f"user is {user!r}, expected printable characters without spaces around them")
    lines = [f"topic {access} {topic}" for access, topic in rules(config, name)]
    return "\n".join([f"{_HEAD}user {user}", *lines]) + "\n"


def access_pattern(config: Config) -> str:
    """The list for all devices whose MQTT user name equals their node name."""
    lines = [f"pattern {access} {topic}" for access, topic in _own(config, "%u")]
    if config.homeassistant.discovery == "off":
        return "\n".join([_HEAD.rstrip(), *lines]) + "\n"
    lines.append(f"pattern {_READ} {config.homeassistant.prefix}/status")
    return "\n".join([_HEAD + _NO_PATTERN.rstrip(), *lines]) + "\n"


def _rules(config: Config, node: str) -> Iterator[tuple[str, str]]:
    yield from _own(config, node)
    if config.homeassistant.discovery != "off":
        prefix = config.homeassistant.prefix
        identifier = Device(node=node, device_id=device_id(), labels=(), version="").identifier
        for topic_filter in filters(identifier, prefix):
            yield _BOTH, topic_filter  # retained messages are compared before publishing
        yield _READ, f"{prefix}/status"


def _own(config: Config, node: str) -> Iterator[tuple[str, str]]:
    for topic in (*TOPICS, COMMAND, CHECK):
        if topic in (COMMAND, RESULT) and config.mqtt.commands == "off":
            continue
        name = full_name(config.mqtt.root, node, topic).replace("<name>", "+")
        yield _OTHER_ACCESS.get(topic, _WRITE), name
    if config.mqtt.commands == "on":  # `edged calibrate` asks the daemon as the same user
        yield _WRITE, full_name(config.mqtt.root, node, command_of("calibrate"))
        yield _READ, full_name(config.mqtt.root, node, result_of("calibrate"))
