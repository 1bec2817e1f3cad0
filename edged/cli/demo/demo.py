"""``edged demo``: plays a sample through the whole program into a broker and shows what a subscriber receives.

    play (thread of its own) ──► Publisher ──► EmbeddedBroker ──► Subscriber ──► View ──► terminal
                                                                             └──► Verdict ──► exit status

It ends when the node publishes ``offline``, its last message.  Each message is shown beside the emotion that is meant
at that time, and each turn begins with its words, so that a reader can compare meant and detected.  The demo fails, and
says so, if fewer than four emotions are detected as they are meant.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from edged.cli.bundle import bundle_of
from edged.cli.config_file import config_from
from edged.cli.demo.hub_demo import hub_demo
from edged.cli.demo.player import Play, Player, Script
from edged.cli.log import log_to_stderr
from edged.cli.screen import wrapped
from edged.cli.sensor.replay import adaptation_from, play
from edged.cli.signals import stopping
from edged.cli.view import view_for
from edged.config.structs import Config, Mqtt
from edged.contract.topics import CAPTURE
from edged.demo.broker import EmbeddedBroker
from edged.demo.sample import SAMPLE, Turn, load_turns
from edged.demo.verdict import Verdict
from edged.errors import PublishError
from edged.host.identity import node_name
from edged.host.process.flag import IsSet
from edged.mqtt.publisher import Publisher
from edged.mqtt.subscriber import Subscriber

NODE = "demo"
_CONNECT_S = 10.0
_LAST_S = 5.0  # after the end of the sample, for the last messages
_WAKE_S = 0.2  # between two checks of the stop flag

_DESCRIPTION = """\
Play a sample conversation through the whole pipeline to an embedded broker, and show what a subscriber receives. Needs
no microphone and no broker.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which demo."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        "--hub", action="store_true", help="beside a simulated camera and transcripts: the mood of a room, and an agent"
    )


def run(arguments: argparse.Namespace) -> int:
    """Play the sample and show what is published; returns the exit status."""
    log_to_stderr("warning")  # the screen is for the messages
    bundle = bundle_of(config_from(arguments))
    with stopping() as stop:

        def play_sample(config: Config) -> None:
            with Publisher(config.mqtt, node_name(config.node)) as publisher:
                play(config, bundle, SAMPLE, 1.0, publisher, stop, adaptation_from("fresh", config, bundle))

        show = hub_demo if arguments.hub else demo
        return show(play_sample, load_turns(), stop, sys.stdout, sys.stderr)


def demo(play: Play, turns: Sequence[Turn], stop: IsSet, out: TextIO, err: TextIO) -> int:
    """Run ``play`` against an embedded broker and show the messages on ``out``; returns 0, or 1 with a line on ``err``.

    ``turns`` say what is meant in the sound that ``play`` plays.  ``play`` gets a config with that broker; it returns
    at the end of the sample, or soon after ``stop`` is set.

    Raises:
        UsageError: amqtt is not installed.
        EdgedError: whatever ``play`` raised.
    """
    with EmbeddedBroker() as broker:
        config = Config(node=NODE, mqtt=Mqtt(host="127.0.0.1", port=broker.port))
        with Subscriber(config.mqtt, NODE) as subscriber:
            if not subscriber.wait_connected(_CONNECT_S):
                raise PublishError(f"no connection to the demo's broker on port {broker.port}: {subscriber.reason}")
            verdict = _show(play, turns, config, subscriber, stop, out)
    if stop.is_set():
        print("edged demo: stopped before the end of the sample", file=err)
        return 1
    if fault := verdict.fault():
        print(f"edged demo: {fault}", file=err)
        return 1
    print("", *(wrapped(line, out) for line in verdict.summary().splitlines()), sep="\n", file=out, flush=True)
    return 0


def _show(  # noqa: PLR0913, PLR0917 -- what comes, what is meant, and where it is shown
    play: Play, turns: Sequence[Turn], config: Config, subscriber: Subscriber, stop: IsSet, out: TextIO
) -> Verdict:
    prefix = f"{config.mqtt.root}/{NODE}/"
    script = Script(turns)
    view = view_for(out, config.mqtt.root, column=script.meant_at)
    verdict = Verdict(turns, prefix)
    print(view.heading("meant", "detected"), file=out, flush=True)
    player = Player(play, config)
    player.start()
    deadline_s = float("inf")
    while time.monotonic() < deadline_s:
        received = subscriber.received(_WAKE_S)
        if received and received.topic == f"{prefix}{CAPTURE.name}":
            script.start(time.time())
        for turn in script.due(time.time()):
            print(view.quote(turn.text), file=out, flush=True)
        if received:
            verdict.take(received)
            print(view.line(received), file=out, flush=True)
        elif verdict.offline:
            break
        if deadline_s == float("inf") and (stop.is_set() or not player.is_alive()):
            deadline_s = time.monotonic() + _LAST_S
    player.join(_LAST_S)
    if player.fault is not None:
        raise player.fault
    return verdict
