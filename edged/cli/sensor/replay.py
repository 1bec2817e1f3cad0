"""``edged replay``: plays sound files through the whole pipeline.

file ──Recording──► Daemon ──► Publisher as node kitchen-replay, or Lines: JSON lines on stdout

A replay is not live: it has a node of its own, and publishes no Home Assistant discovery.
"""

import argparse
import logging
import math
from functools import partial
from pathlib import Path

import msgspec

from edged.audio.formats.names import READ
from edged.audio.recording import Recording
from edged.cli.bundle import prepared
from edged.cli.config_file import config_file
from edged.cli.sensor.inputs import Input, each, inputs
from edged.cli.sensor.json_lines import Lines
from edged.cli.signals import stopping
from edged.cli.values import node, sound_file
from edged.config.structs import Config
from edged.errors import PublishError, counted
from edged.host.identity import node_name
from edged.host.instance_lock import InstanceLock
from edged.host.process.flag import IsSet
from edged.models.bundle import Bundle
from edged.mqtt.publisher import Publisher
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.daemon import Daemon
from edged.pipeline.interfaces import Sink

_CONNECT_S = 5.0  # to the broker
_SETTLE_S = 30.0  # until the broker has acknowledged the last message
_MIN_SPEED, _MAX_SPEED = 0.01, 1000.0  # times real time
_SPEEDS = f"max, or {_MIN_SPEED:g} to {_MAX_SPEED:g} times real time"
_SUFFIX = "-replay"
_MAX_NODE = 64  # characters of a node's name

_DESCRIPTION = """\
Play sound files through the same pipeline as the microphone, and publish to the broker or print JSON lines. A replay
has a node of its own, so that nobody takes it for the live device.
"""
_EXAMPLES = """\
examples:
  edged replay --jsonl call.wav
  edged replay --speed 1 call.wav
  ffmpeg -i call.m4a -f wav - | edged replay --jsonl -
"""

_log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Files, speed, node, output, and the adaptation to start from."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument("files", nargs="+", type=sound_file, metavar="FILE", help=f"sound file: {READ}; - is stdin")
    parser.add_argument(
        "--speed", type=_speed, default=None, metavar="max|N", help="times real time (default: max, as fast as it can)"
    )
    parser.add_argument(
        "--node", type=node, metavar="NODE", help="node to publish as (default: this device's node with -replay)"
    )
    parser.add_argument("--jsonl", action="store_true", help="print one JSON object per line instead of publishing")
    parser.add_argument(
        "--baseline",
        default="none",
        metavar="none|fresh|FILE",
        help="adaptation: none (default), fresh to adapt within these files, or a stored baseline.json to start from",
    )


def run(arguments: argparse.Namespace) -> int:
    """Play all files; returns the exit status."""
    config, bundle = prepared(config_file(arguments))
    adaptation = adaptation_from(arguments.baseline, config, bundle)
    with inputs(arguments.files) as files, stopping() as stop:

        def play_into(sink: Sink | None, file: Input) -> None:
            if not stop.is_set():  # the rest is skipped in silence
                with Recording(file.path, speed=arguments.speed, audio=config.audio, name=file.name) as recording:
                    sink = sink or Lines(recording.name)
                    Daemon(config, bundle, recording, sink, adaptation=adaptation).run(stop)

        if arguments.jsonl:
            return each(files, partial(play_into, None))
        playable: list[Input] = []

        def check(file: Input) -> None:
            Recording(file.path, audio=config.audio, name=file.name).check()
            playable.append(file)

        unusable = each(files, check)  # before anybody waits for the broker
        if not playable:
            return unusable
        config = replay_config(config, arguments.node or "")
        with (
            InstanceLock(config.node, config.mqtt.root, config.mqtt.tcp_port),
            Publisher(config.mqtt, config.node) as publisher,
        ):
            _expect_broker(config, publisher)
            _log.info("replay is published as node %s", config.node)
            status = each(playable, partial(play_into, publisher)) or unusable
            if not publisher.wait_settled(_SETTLE_S):
                raise PublishError(
                    f"not acknowledged: {counted(publisher.unacknowledged, 'message')}, {publisher.reason}"
                )
            if publisher.dropped:
                raise PublishError(
                    f"the broker was too slow for the replay, dropped {counted(publisher.dropped, 'event')}"
                )
            return status


def play(  # noqa: PLR0913, PLR0917 -- the parts of a replay
    config: Config,
    bundle: Bundle,
    file: Path,
    speed: float | None,
    sink: Sink,
    stop: IsSet,
    adaptation: AdaptationStore | None = None,
) -> None:
    """Play ``file`` through the pipeline into ``sink``, ``speed`` times real time or as fast as it can."""
    with Recording(file, speed=speed, audio=config.audio) as recording:
        Daemon(config, bundle, recording, sink, adaptation=adaptation).run(stop)


def replay_config(config: Config, name: str = "") -> Config:
    """``config`` with the node that a replay publishes as: ``name``, or the device's own with ``-replay``.

    The client id follows the node, so a replay neither disconnects the live device nor says ``offline`` in its name.
    """
    name = name or f"{node_name(config.node)[: _MAX_NODE - len(_SUFFIX)]}{_SUFFIX}"
    return msgspec.structs.replace(config, node=name)


def adaptation_from(baseline: str, config: Config, bundle: Bundle) -> AdaptationStore | None:
    """The adaptation to start from; it is never stored, so that a replay can be repeated."""
    if baseline == "none":
        return None
    adaptation = AdaptationStore(config, bundle)
    if baseline != "fresh":
        adaptation.start_from(Path(baseline))
    return adaptation


def _expect_broker(config: Config, publisher: Publisher) -> None:
    if not publisher.wait_connected(_CONNECT_S):
        raise PublishError(
            f"broker {config.mqtt.host}:{config.mqtt.tcp_port}: {publisher.reason}, expected one that accepts messages"
            " (--jsonl needs no broker)"
        )


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not _MIN_SPEED <= speed <= _MAX_SPEED:
        raise argparse.ArgumentTypeError(f"{text!r} is not a speed, expected {_SPEEDS}")
    return speed
