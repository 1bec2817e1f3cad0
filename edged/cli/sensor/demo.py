"""``edged demo``: plays a sample through the whole program into a broker and shows what a subscriber receives.

    play (thread of its own) ──► Publisher ──► EmbeddedBroker ──► Subscriber ──► View ──► terminal
                                                                             └──► Verdict ──► exit status

It ends when the node publishes ``offline``, its last message.  A demo without messages, without events or with only one
emotion fails and says so: it is the first thing that a newcomer sees of the product.
"""

import argparse
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

import msgspec

from edged.cli.bundle import bundle_of
from edged.cli.config_file import config_from
from edged.cli.log import log_to_stderr
from edged.cli.sensor.replay import play
from edged.cli.signals import stopping
from edged.cli.view import view_for
from edged.config.structs import Config, Mqtt
from edged.contract.payloads import EmotionState, EpisodeStart
from edged.contract.topics import AVAILABILITY, EMOTION, EVENT_END, EVENT_START, OFFLINE, Received
from edged.demo.broker import EmbeddedBroker
from edged.demo.sample import SAMPLE
from edged.errors import PublishError
from edged.host.identity import node_name
from edged.mqtt.publisher import Publisher
from edged.mqtt.subscriber import Subscriber

NODE = "demo"
_CONNECT_S = 10.0
_LAST_S = 5.0  # after the end of the sample, for the last messages
_WAKE_S = 0.2  # between two checks of the stop flag
_NO_LABEL = ("none", "uncertain")

Play = Callable[[Config], None]


_DESCRIPTION = """\
Play a sample conversation through the whole pipeline to an embedded broker, and show what a subscriber receives. Needs
no microphone and no broker.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""
    parser.description = _DESCRIPTION


def run(arguments: argparse.Namespace) -> int:
    """Play the sample and show what is published; returns the exit status."""
    log_to_stderr("warning")  # the screen is for the messages
    bundle = bundle_of(config_from(arguments))
    with stopping() as stop:

        def play_sample(config: Config) -> None:
            with Publisher(config.mqtt, node_name(config.node)) as publisher:
                play(config, bundle, SAMPLE, 1.0, publisher, stop)

        return demo(play_sample, stop, sys.stdout, sys.stderr)


class Verdict:
    """Counts what the demo has shown, and says what is missing."""

    def __init__(self) -> None:
        self.labels: list[str] = []  # in the order of their first appearance
        self.n_messages = 0
        self.n_starts = 0
        self.n_ends = 0
        self.offline = False

    def take(self, received: Received) -> None:
        """Count one message; one that does not match its schema is shown by the view and not counted here."""
        name = received.topic.removeprefix(f"{Mqtt().root}/{NODE}/")
        if name == AVAILABILITY.name:
            self.offline = received.payload == OFFLINE.encode()
            return
        self.n_messages += 1
        self.n_ends += name == EVENT_END.name
        try:
            if name == EMOTION.name:
                self._see(msgspec.json.decode(received.payload, type=EmotionState).emotion)
            elif name == EVENT_START.name:
                self._see(msgspec.json.decode(received.payload, type=EpisodeStart).event_type)
                self.n_starts += 1
        except msgspec.DecodeError:
            return

    def fault(self) -> str:
        """Why the demo failed; empty if it did not."""
        if not self.n_messages:
            return "no message was received"
        if not self.labels:
            return "no emotion was detected"
        if not self.n_starts:
            return "no event was received: no emotion lasted long enough for an episode"
        if len(self.labels) == 1:
            return f"only one emotion was detected: {self.labels[0]}"
        return ""

    def summary(self) -> str:
        """What was shown, in one line."""
        emotions = f"{len(self.labels)} emotions ({', '.join(self.labels)})"
        return f"{emotions}, {self.n_starts} episodes, {self.n_messages} messages"

    def _see(self, label: str) -> None:
        if label not in _NO_LABEL and label not in self.labels:
            self.labels.append(label)


def demo(play: Play, stop: threading.Event, out: TextIO, err: TextIO) -> int:
    """Run ``play`` against an embedded broker and show the messages on ``out``; returns 0, or 1 with a line on ``err``.

    ``play`` gets a config with that broker; it returns at the end of the sample, or soon after ``stop`` is set.

    Raises:
        UsageError: amqtt is not installed.
        EdgedError: whatever ``play`` raised.
    """
    with EmbeddedBroker() as broker:
        config = Config(node=NODE, mqtt=Mqtt(host="127.0.0.1", port=broker.port))
        with Subscriber(config.mqtt, NODE) as subscriber:
            if not subscriber.wait_connected(_CONNECT_S):
                raise PublishError(f"no connection to the demo's broker on port {broker.port}: {subscriber.reason}")
            verdict = _show(play, config, subscriber, stop, out)
    if stop.is_set():
        print("edged demo: stopped before the end of the sample", file=err)
        return 1
    if fault := verdict.fault():
        print(f"edged demo: {fault}", file=err)
        return 1
    print(f"\nShown: {verdict.summary()}.", file=out, flush=True)
    return 0


def _show(play: Play, config: Config, subscriber: Subscriber, stop: threading.Event, out: TextIO) -> Verdict:
    view = view_for(out, config.mqtt.root)
    verdict = Verdict()
    player = _Player(play, config)
    player.start()
    deadline_s = float("inf")
    while time.monotonic() < deadline_s:
        if received := subscriber.received(_WAKE_S):
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


class _Player(threading.Thread):
    """The thread of the pipeline; stores what ``play`` raises, for the main thread to raise again."""

    def __init__(self, play: Play, config: Config) -> None:
        super().__init__(name="edged-demo-player", daemon=True)
        self._play = play
        self._config = config
        self.fault: Exception | None = None

    def run(self) -> None:
        try:
            self._play(self._config)
        except Exception as exc:  # noqa: BLE001 -- raised again in the main thread
            self.fault = exc
