"""A sound file through the whole pipeline, as ``edged replay`` and the demo play it.

file ──Recording──► Daemon ──► Publisher as node kitchen-replay, or Lines: one JSON object per line on stdout

What is replayed is not live: it has a node of its own, and Home Assistant is not told of it.
"""

import argparse
import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from edged.audio.recording import Recording
from edged.cli.bundle import prepared
from edged.cli.sensor.files import each_file
from edged.cli.sensor.json_lines import Lines
from edged.cli.signals import stopping
from edged.config.structs import Config
from edged.errors import PublishError
from edged.host.identity import node_name
from edged.host.instance_lock import InstanceLock
from edged.models.bundle import Bundle
from edged.mqtt.publisher import Publisher
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.daemon import Daemon
from edged.pipeline.interfaces import Sink

_CONNECT_S = 5.0  # a command that needs the broker now waits so long for it …
_SETTLE_S = 30.0  # … and so long for its last confirmation
_SUFFIX = "-replay"
_MAX_NODE = 64  # characters of a node's name

_log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Files, speed, where to, and what the adaptation starts from."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="wav, flac, ogg or mp3")
    parser.add_argument("--speed", type=_speed, default=None, metavar="max|N", help="max (default), or 1 for real time")
    parser.add_argument(
        "--node", type=_node, metavar="NODE", help="node to publish as; default: this device's with -replay"
    )
    parser.add_argument("--jsonl", action="store_true", help="one JSON object a line on stdout instead of the broker")
    parser.add_argument(
        "--baseline",
        default="none",
        metavar="fresh|none|FILE",
        help="none (default), learn anew, or go on from a kept one",
    )


def run(arguments: argparse.Namespace) -> int:
    """Play all files; the exit status."""
    config, bundle = prepared(arguments)
    adaptation = adaptation_from(arguments.baseline, config, bundle)
    with stopping() as stop:

        def into(config: Config, sink: Sink) -> Callable[[Path], None]:
            def use(file: Path) -> None:
                if not stop.is_set():  # one that is not begun says nothing of itself either
                    play(config, bundle, file, arguments.speed, sink, stop, adaptation)

            return use

        if arguments.jsonl:
            return each_file(arguments.files, into(config, Lines()))
        config = replay_config(config, arguments.node or "")
        with (
            InstanceLock(config.node, config.mqtt.root, config.mqtt.tcp_port),
            Publisher(config.mqtt, config.node) as publisher,
        ):
            _expect_broker(config, publisher)
            _log.info("replay is published as node %s", config.node)
            status = each_file(arguments.files, into(config, publisher))
            if not publisher.wait_settled(_SETTLE_S):
                raise PublishError(f"{publisher.unacknowledged} messages were not confirmed: {publisher.reason}")
            if publisher.dropped:
                raise PublishError(f"{publisher.dropped} events were dropped, the broker was too slow for the replay")
            return status


def play(  # noqa: PLR0913, PLR0917 -- what a replay is made of
    config: Config,
    bundle: Bundle,
    file: Path,
    speed: float | None,
    sink: Sink,
    stop: threading.Event,
    adaptation: AdaptationStore | None = None,
) -> None:
    """Runs ``file`` through the pipeline into ``sink``, as fast as it goes or ``speed`` times real time."""
    with Recording(file, speed=speed, audio=config.audio) as recording:
        Daemon(config, bundle, recording, sink, adaptation=adaptation).run(stop)


def replay_config(config: Config, node: str = "") -> Config:
    """``config`` with the node that a replay publishes as: ``node``, or the device's own with ``-replay``.

    The client id follows the node, so a replay neither disconnects the live device nor says ``offline`` in its name.
    """
    node = node or f"{node_name(config.node)[: _MAX_NODE - len(_SUFFIX)]}{_SUFFIX}"
    return msgspec.structs.replace(config, node=node)


def adaptation_from(baseline: str, config: Config, bundle: Bundle) -> AdaptationStore | None:
    """What a replay starts from; it is never written back, so that a replay can be repeated."""
    if baseline == "none":
        return None
    adaptation = AdaptationStore(config, bundle)
    if baseline != "fresh":
        adaptation.take(Path(baseline))
    return adaptation


def _expect_broker(config: Config, publisher: Publisher) -> None:
    if not publisher.wait_connected(_CONNECT_S):
        raise PublishError(
            f"broker {config.mqtt.host}:{config.mqtt.tcp_port}: {publisher.reason}, expected one that takes messages"
            " (with --jsonl none is needed)"
        )


def _node(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no node name, expected 1 to 64 of a-z A-Z 0-9 _ -")
    return text


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    speed = float(text)  # argparse turns the ValueError into its own line
    if not 0.01 <= speed <= 1000:  # noqa: PLR2004 -- as the message says
        raise argparse.ArgumentTypeError(f"{text} is out of range, expected max or 0.01 to 1000")
    return speed
