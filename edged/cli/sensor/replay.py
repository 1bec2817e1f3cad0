"""A sound file through the whole pipeline, as ``edged replay`` and the demo play it.

file ──Recording──► Daemon ──► Publisher, or Lines: one JSON object a line on stdout
"""

import argparse
import threading
from collections.abc import Callable
from pathlib import Path

from edged.audio.recording import Recording
from edged.cli.bundle import prepared
from edged.cli.sensor.files import each_file
from edged.cli.sensor.json_lines import Lines
from edged.cli.signals import stopping
from edged.config.structs import Config
from edged.errors import PublishError
from edged.host.identity import node_name
from edged.models.bundle import Bundle
from edged.mqtt.publisher import Publisher
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.daemon import Daemon
from edged.pipeline.interfaces import Sink

_CONNECT_S = 5.0  # a command that needs the broker now waits so long for it …
_SETTLE_S = 30.0  # … and so long for its last confirmation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Files, speed, where to, and what the adaptation starts from."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="wav, flac, ogg or mp3")
    parser.add_argument("--speed", type=_speed, default=None, metavar="max|N", help="max (default), or 1 for real time")
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

        def into(sink: Sink) -> Callable[[Path], None]:
            def use(file: Path) -> None:
                if not stop.is_set():  # one that is not begun says nothing of itself either
                    play(config, bundle, file, arguments.speed, sink, stop, adaptation)

            return use

        if arguments.jsonl:
            return each_file(arguments.files, into(Lines()))
        with Publisher(config.mqtt, node_name(config.node)) as publisher:
            _expect_broker(config, publisher)
            status = each_file(arguments.files, into(publisher))
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
            f"broker {config.mqtt.host}:{config.mqtt.port}: {publisher.reason}, expected one that takes messages"
            " (with --jsonl none is needed)"
        )


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    speed = float(text)  # argparse turns the ValueError into its own line
    if not 0.01 <= speed <= 1000:  # noqa: PLR2004 -- as the message says
        raise argparse.ArgumentTypeError(f"{text} is out of range, expected max or 0.01 to 1000")
    return speed
