"""A sound file through the whole pipeline, as ``edged replay`` and the demo play it.

file ──Recording──► Daemon ──► Publisher, or Lines: one JSON object a line on stdout
"""

import sys
import threading
from pathlib import Path

import msgspec

from edged.audio.recording import Recording
from edged.config.structs import Config
from edged.contract import payloads
from edged.contract.topics import EVENT_END, EVENT_START, WINDOW, Topic
from edged.models.bundle import Bundle
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.daemon import Daemon
from edged.pipeline.interfaces import Sink

_LINES = (WINDOW, EVENT_START, EVENT_END)


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


class Lines:
    """Sink of ``replay --jsonl``: windows and events as lines on stdout; states and figures are the broker's."""

    tls: payloads.Trust = "none"
    reconnects = 0
    unacknowledged = 0
    outbox = None
    name_taken_by = None

    def tick(self) -> None:
        """Nothing is due."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Windows and events, a line each."""
        del captured_s
        if topic in _LINES and not isinstance(payload, str):
            print_line(payload)


def print_line(payload: msgspec.Struct) -> None:
    """One payload as a line of stdout, at once: whoever reads it may be waiting."""
    sys.stdout.buffer.write(payloads.encoded(payload) + b"\n")
    sys.stdout.buffer.flush()
