"""``edged run``: opens microphone, pipeline and broker, runs the daemon and closes them.

config, bundle ─► Overrides ─► Microphone ─► Daemon ─► Publisher ─► broker ─cmd/…─► Commands ─► Control ─► Daemon
"""

import argparse
import faulthandler
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from edged.audio.microphone import Microphone
from edged.cli.broker.discovery import announcement_for, announcer_for
from edged.cli.bundle import loaded, prepared
from edged.cli.config_file import config_file
from edged.cli.signals import asking, stopping
from edged.cli.threads import all_alive
from edged.config.overrides import overrides_for
from edged.config.reload import Reload
from edged.config.structs import Config
from edged.host import systemd
from edged.host.identity import node_name
from edged.host.instance_lock import InstanceLock
from edged.host.metrics import version_of
from edged.host.process.memory import Collector, limit_arenas
from edged.host.prometheus import Exporter
from edged.host.state_dir import state_folder
from edged.models.bundle import Bundle
from edged.mqtt.commands import Commands
from edged.mqtt.publisher import Publisher
from edged.outbox.outbox import outbox_for
from edged.pipeline.adaptation_store import adaptation_store_for
from edged.pipeline.control import Control
from edged.pipeline.daemon import Daemon
from edged.pipeline.interfaces import Sink

if TYPE_CHECKING:
    from edged.mqtt.listener import Listener

# systemd gives up on a service that exits 20 times within 5 minutes; with this wait for a manual run it never does.
SERVICE_WAIT_S = 15.0
_CLOSE_S = 4.5  # from SIGTERM to exit, even if something hangs

_log = logging.getLogger(__name__)

_DESCRIPTION = """\
Listen to the microphone and publish emotion events until SIGTERM or Ctrl-C. This is what the service runs. SIGHUP
reloads the config.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""
    parser.description = _DESCRIPTION


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM; returns the exit status.

    Raises:
        AlreadyRunningError: another process on this machine runs as the same node.
        EdgedError: the microphone does not come back, something cannot be opened, a thread died, or a command asked for
            a restart.
    """
    file = config_file(arguments)  # looked up once: if the file is deleted later, a reload must not mean the defaults
    config, bundle = prepared(file, keep=True)
    node = node_name(config.node)
    limit_arenas()
    faulthandler.enable()  # on the watchdog's SIGABRT the log shows where each thread was
    wait_s = SERVICE_WAIT_S if systemd.is_service() else 0.0
    with InstanceLock(node, config.mqtt.root, config.mqtt.tcp_port, wait_s=wait_s):
        _log.info(
            "edged %s starts: config %s, node %s, bundle %s, state %s",
            version_of("edged"),
            file,
            node,
            bundle.title,
            state_folder(config.state_dir),
        )
        _run(config, bundle, lambda: loaded(file, bundle))
    return 0


def _run(config: Config, bundle: Bundle, load: Callable[[], Config]) -> None:
    """Run the daemon; ``load`` reads the config again, or raises ``ConfigError``."""
    labels, node = bundle.manifest.labels, node_name(config.node)
    overrides = overrides_for(config, labels)
    announcer = announcer_for(config, bundle)

    def announce(changed: Config) -> None:
        if announcer:
            announcer.change(announcement_for(changed, bundle))

    reload = Reload(config, load, overrides, announce)
    config = reload.in_force
    microphone = Microphone(config.audio)
    commands = Commands(config.mqtt, node)
    commands.on_received = microphone.wake  # the pipeline obeys between two reads
    listeners: list[Listener] = [commands, announcer] if announcer else [commands]
    publisher = Publisher(config.mqtt, node, outbox_for(config), listeners)
    exporter = Exporter(config.prometheus.port)
    adaptation = adaptation_store_for(config, bundle)
    sink, calls = _sink(config, bundle, publisher)
    daemon = Daemon(config, bundle, microphone, sink, on_health=exporter.health, adaptation=adaptation)
    control = Control(daemon, labels=labels, adaptation=adaptation, overrides=overrides, reload=reload)
    collector = Collector()

    def between_reads() -> None:
        if announcer:
            announcer.tick(publisher)
        for topic, result in commands.results(control.obey):
            publisher.publish(topic, result)
        for topic, result in control.tick():
            publisher.publish(topic, result)
        collector.collect_rarely()

    with (
        stopping(_CLOSE_S) as stop,
        asking(reload.asked),
        all_alive(daemon.end_with),
        exporter,
        publisher,
        calls,
        microphone,
        collector,
    ):
        daemon.run(stop, reload, between_reads)
        _log.info("%s received, shutting down", stop.signal_name)


def _sink(config: Config, bundle: Bundle, publisher: Publisher) -> tuple[Sink, AbstractContextManager[object]]:
    """Where the daemon publishes to, and what ends the running call: the broker, with `calls.live` by way of calls."""
    if config.calls.live == "off":
        return publisher, nullcontext()
    from edged.calls.live import LiveCalls  # noqa: PLC0415 -- a device without calls need not load it

    calls = LiveCalls(publisher, config, bundle.manifest.labels)
    return calls, calls
