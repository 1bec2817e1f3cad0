"""The config to an access list for mosquitto that gives a device its own topics and nothing else.

    node, user, Home Assistant's prefix ──► user kitchen / topic write edged/kitchen/emotion / …
    --pattern                           ──► pattern write edged/%u/emotion / …, where each user is called as its node

An ``acl_file`` lets through what it names and nothing else.  It refuses no subscription and no message: what is
forbidden does not arrive, and ``edged check`` sees it by that.
"""

import argparse
import re
from collections.abc import Iterator

from edged.cli.config_file import config_from
from edged.config.structs import Config
from edged.contract.topics import CHECK, COMMAND, INFO, RESULT, TOPICS, full_name
from edged.errors import UsageError
from edged.homeassistant.discovery import filters
from edged.homeassistant.entities import Device
from edged.host.identity import device_id, node_name

_READ, _WRITE, _BOTH = "read", "write", "readwrite"
_OTHER_ACCESS = {COMMAND: _READ, CHECK: _BOTH, INFO: _BOTH}  # its own info shows another device of its name
_HEAD = """\
# Access list for mosquitto, for a line of mosquitto.conf: acl_file /etc/mosquitto/edged.acl
# It names what is allowed: whoever else is to publish or read there needs rules beside these.
"""
_MANY = """\
# Home Assistant's discovery topics hold the machine's id, which no pattern can: `edged acl` prints them on each device.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For whom."""
    parser.add_argument("--user", default="", metavar="NAME", help="at the broker; default: mqtt.username")
    parser.add_argument("--node", default="", metavar="NODE", help="default: the config's, or this machine's")
    parser.add_argument("--pattern", action="store_true", help="for all devices whose user is called as their node")


def run(arguments: argparse.Namespace) -> int:
    """Print the access list; the exit status."""
    config = config_from(arguments)
    print(access_pattern(config) if arguments.pattern else access_list(config, arguments.user, arguments.node), end="")
    return 0


def access_list(config: Config, user: str = "", node: str = "") -> str:
    """For the device that is called ``node`` here and ``user`` at the broker; each is the config's where it is empty.

    Raises:
        UsageError: there is no user, or a name that is more than that in mosquitto's file.
    """
    user = user or config.mqtt.username
    if not user:
        raise UsageError("mqtt.username is empty, expected a name there or after --user, or --pattern")
    if not user.isprintable() or user != user.strip():
        raise UsageError(f"user is {user!r}, expected a name that fits in a line")
    node = node or node_name(config.node)
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", node):
        raise UsageError(f"node is {node!r}, expected at most 64 of a-z A-Z 0-9 _ -")
    lines = [f"topic {access} {topic}" for access, topic in _rules(config, node)]
    return "\n".join([f"{_HEAD}user {user}", *lines]) + "\n"


def access_pattern(config: Config) -> str:
    """For all devices whose user at the broker is called as their node."""
    lines = [f"pattern {access} {topic}" for access, topic in _own(config, "%u")]
    if config.homeassistant.discovery == "off":
        return "\n".join([_HEAD.rstrip(), *lines]) + "\n"
    lines.append(f"pattern {_READ} {config.homeassistant.prefix}/status")
    return "\n".join([_HEAD + _MANY.rstrip(), *lines]) + "\n"


def _rules(config: Config, node: str) -> Iterator[tuple[str, str]]:
    yield from _own(config, node)
    if config.homeassistant.discovery != "off":
        prefix = config.homeassistant.prefix
        identifier = Device(node=node, device_id=device_id(), labels=(), version="").identifier
        for topic_filter in filters(identifier, prefix):
            yield _BOTH, topic_filter  # what the broker holds is looked at before it is published again
        yield _READ, f"{prefix}/status"


def _own(config: Config, node: str) -> Iterator[tuple[str, str]]:
    for topic in (*TOPICS, COMMAND, CHECK):
        if topic in (COMMAND, RESULT) and config.mqtt.commands == "off":
            continue
        name = full_name(config.mqtt.root, node, topic).replace("<name>", "+")
        yield _OTHER_ACCESS.get(topic, _WRITE), name
