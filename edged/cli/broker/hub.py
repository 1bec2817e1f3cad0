"""``edged hub``: opens the broker and the agent, runs the hub and closes them.

config ─► Routes ─► Intake ─► Publisher ─► broker
                       └─► Hub ─► mood, event/mood ─► Publisher, agent
"""

import argparse
import faulthandler
import logging
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import msgspec

from edged.cli.config_file import config_file
from edged.cli.log import log_to_stderr
from edged.cli.signals import stopping
from edged.cli.threads import all_alive
from edged.config.hub.checks import check_hub
from edged.config.hub.presets import complete
from edged.config.structs import Config
from edged.errors import ConfigError, UsageError
from edged.homeassistant.discovery import announcement
from edged.homeassistant.place_announcer import PlaceAnnouncer
from edged.homeassistant.place_entities import PlaceDevice
from edged.host import systemd
from edged.host.identity import hub_name
from edged.host.instance_lock import InstanceLock
from edged.host.metrics import version_of
from edged.hub.hub import Hub
from edged.hub.intake import Intake
from edged.hub.linear_text import load_text_scorer
from edged.hub.routes import Routes, my_places
from edged.mqtt.publisher import Publisher

if TYPE_CHECKING:
    from edged.hub.interfaces import MoodListener
    from edged.mqtt.listener import Listener

SERVICE_WAIT_S = 15.0  # as for edged run
_CLOSE_S = 4.5  # from SIGTERM to exit, even if something hangs

_log = logging.getLogger(__name__)

_DESCRIPTION = """\
Fuse what microphones, transcripts and cameras say of each place to one mood, publish it, and hand it on to an agent,
until SIGTERM or Ctrl-C. Runs beside the broker and needs neither microphone nor camera itself.
"""
_EXAMPLES = """\
examples:
  edged hub --config /etc/edged/hub.yaml
  edged hub --part 2/4
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which part of the places."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument("--part", default="", metavar="N/COUNT", help="a part of the places (default: hub.part)")


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM; returns the exit status.

    Raises:
        ConfigError: there is no place, or --part is no part.
        AlreadyRunningError: another process on this machine runs as the same hub.
        EdgedError: something cannot be opened, or a thread died.
    """
    file = config_file(arguments)
    config = hub_config(file.load(), arguments.part, str(file.path or "config"))
    log_to_stderr(config.log_level)
    name = hub_name(config.hub.name)
    faulthandler.enable()  # on the watchdog's SIGABRT the log shows where each thread was
    wait_s = SERVICE_WAIT_S if systemd.is_service() else 0.0
    with InstanceLock(name, config.mqtt.root, config.mqtt.tcp_port, wait_s=wait_s):
        _log.info(
            "edged %s starts as hub %s: config %s, part %s, places %s",
            version_of("edged"),
            name,
            file,
            config.hub.part,
            ", ".join(my_places(config.hub)) or "none",
        )
        _run(config, name)
    return 0


def hub_config(config: Config, part: str, file: str) -> Config:
    """``config`` with ``part`` in place of its own.

    Raises:
        ConfigError: there is no place, or ``part`` is no part.
    """
    if not config.hub.places:
        raise ConfigError(f"{file}: hub.places is empty, expected at least one place")
    if not part:
        return config
    try:
        hub = msgspec.convert({**msgspec.structs.asdict(config.hub), "part": part}, type(config.hub))
    except msgspec.ValidationError:
        raise ConfigError(f"--part is {part!r}, expected a number and a count, such as 1/4") from None
    check_hub("--part", hub)
    return msgspec.structs.replace(config, hub=hub)


def announcer_for(config: Config, name: str) -> PlaceAnnouncer | None:
    """Publishes the discovery of the places of ``config``; None if discovery is off."""
    if (kind := config.homeassistant.discovery) == "off":
        return None
    devices = [
        PlaceDevice(
            place=place,
            hub=name,
            labels=tuple(config.hub.labels),
            version=version_of("edged"),
            root=config.mqtt.root,
            suggested_area=settings.area,
        )
        for place, settings in my_places(config.hub).items()
    ]
    prefix = config.homeassistant.prefix
    return PlaceAnnouncer(prefix, {one.identifier: announcement(one, kind, prefix) for one in devices})


def routes_for(config: Config) -> Routes:
    """The routes of ``config``, with the text model if a place has a text input.

    Raises:
        ModelError: the text model is damaged.
    """
    inputs = [complete(one) for place in my_places(config.hub).values() for one in place.inputs]
    scorer = load_text_scorer() if any(one.kind == "text" for one in inputs) else None
    return Routes(config.hub, config.mqtt.root, scorer)


def agents_for(config: Config, publisher: Publisher) -> "list[MoodListener]":
    """The agent of ``config``, if it has one; its actions go out through ``publisher``.

    Raises:
        UsageError: the extra agent is not installed.
        ConfigError: a file with a key or token cannot be used.
    """
    if config.hub.agent is None:
        return []
    try:
        from edged.hub.agent.agent import agent_for  # noqa: PLC0415 -- an extra, and slow to import
    except ImportError as exc:
        raise UsageError(f"{exc}: expected the extra agent beside hub.agent: pip install 'edged[agent]'") from exc
    made = agent_for(config.hub.agent, config.hub.actions, config.mqtt.root, publisher)
    return [made] if made else []


def run_hub(config: Config, name: str, stop: threading.Event) -> None:
    """Run the hub ``name`` until ``stop`` is set.

    Raises:
        EdgedError: something cannot be opened, or a thread died.
    """
    routes = routes_for(config)
    intake = Intake(routes.topics)
    announcer = announcer_for(config, name)
    listeners: list[Listener] = [intake, announcer] if announcer else [intake]
    publisher = Publisher(config.mqtt, name, listeners=listeners)
    agents = agents_for(config, publisher)
    hub = Hub(config, name, routes=routes, intake=intake, sink=publisher, listeners=agents)

    def between_turns() -> None:
        if announcer:
            announcer.tick(publisher)

    with ExitStack() as opened:
        opened.enter_context(all_alive(hub.end_with))
        opened.enter_context(publisher)
        for agent in agents:
            opened.enter_context(agent)
        hub.run(stop, between_turns)


def _run(config: Config, name: str) -> None:
    with stopping(_CLOSE_S) as stop:
        run_hub(config, name, stop)
        _log.info("%s received, shutting down", stop.signal_name)
