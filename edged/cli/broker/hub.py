"""``edged hub``: opens the broker and the agent, runs the hub and closes them.

config ─► Routes ─► Intake ─► Publisher ─► broker
                       └─► Hub ─► mood, event/mood ─► Publisher, agent
"""

import argparse
import faulthandler
import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import msgspec

from edged.cli.broker.hub_parts import agent_for, announcer_for, routes_for
from edged.cli.broker.hub_reload import HubReload, Parts
from edged.cli.config_file import config_file
from edged.cli.log import log_to_stderr
from edged.cli.signals import asking, stopping
from edged.cli.threads import all_alive
from edged.config.hub.checks import check_hub
from edged.config.structs import Config
from edged.errors import ConfigError
from edged.host import systemd
from edged.host.identity import hub_name
from edged.host.instance_lock import InstanceLock
from edged.host.metrics import version_of
from edged.host.process.flag import IsSet
from edged.hub.hub import Hub
from edged.hub.intake import Intake
from edged.hub.routes import my_places
from edged.mqtt.publisher import Publisher

if TYPE_CHECKING:
    from edged.mqtt.listener import Listener

SERVICE_WAIT_S = 15.0  # as for edged run
_CLOSE_S = 4.5  # from SIGTERM to exit, even if something hangs

_log = logging.getLogger(__name__)

_DESCRIPTION = """\
Fuse what microphones, transcripts and cameras say about each place into one mood, publish it, and pass it to an agent,
until SIGTERM or Ctrl-C. Runs beside the broker and needs neither microphone nor camera itself. SIGHUP reloads the
config.
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
        _run(config, name, lambda: hub_config(file.load(), arguments.part, str(file.path or "config")))
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


def run_hub(config: Config, name: str, stop: IsSet, load: Callable[[], Config] | None = None) -> None:
    """Run the hub ``name`` until ``stop`` is set; with ``load``, SIGHUP reads the config again by it.

    Raises:
        EdgedError: something cannot be opened, or a thread died.
    """
    routes = routes_for(config)
    intake = Intake(routes.topics)
    announcer = announcer_for(config, name)
    listeners: list[Listener] = [intake, announcer] if announcer else [intake]
    publisher = Publisher(config.mqtt, name, listeners=listeners)
    agent = agent_for(config, publisher)
    hub = Hub(config, name, routes=routes, intake=intake, sink=publisher, listeners=[agent] if agent else [])
    parts = Parts(hub=hub, name=name, intake=intake, publisher=publisher, announcer=announcer)
    reload = HubReload(config, load or (lambda: config), parts, agent)

    def between_turns() -> None:
        if announcer:
            announcer.tick(publisher)
        reload.tick()

    with asking(reload.asked) if load else nullcontext(), all_alive(hub.end_with), publisher, reload:
        hub.run(stop, between_turns)


def _run(config: Config, name: str, load: Callable[[], Config]) -> None:
    with stopping(_CLOSE_S) as stop:
        run_hub(config, name, stop, load)
        _log.info("%s received, shutting down", stop.signal_name)
