"""Payloads to JSON lines on stdout.

payload ──► one JSON object, one line, at once
"""

import sys

import msgspec

from edged.contract import payloads
from edged.contract.topics import EVENT_END, EVENT_START, WINDOW, Topic

_LINES = (WINDOW, EVENT_START, EVENT_END)


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
