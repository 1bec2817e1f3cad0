"""Prints payloads as JSON lines.

payload ──► one JSON object on one line of stdout, flushed at once
"""

import sys

import msgspec

from edged.contract import payloads
from edged.contract.status import SinkStatus
from edged.contract.topics import EVENT_END, EVENT_START, WINDOW, Topic

_LINES = (WINDOW, EVENT_START, EVENT_END)


class Lines:
    """The sink of ``replay --jsonl``: prints windows and events; states and metrics are for the broker only.

    Each line names the ``file`` that it is about.
    """

    status = SinkStatus()

    def __init__(self, file: str) -> None:
        self._file = file

    def tick(self) -> None:
        """Do nothing."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Print a window or an event."""
        del captured_s
        if topic in _LINES and not isinstance(payload, str):
            print_line(msgspec.structs.replace(payload, file=self._file))


def print_line(payload: msgspec.Struct) -> None:
    """Print ``payload`` as one line and flush: a reader may be waiting for it."""
    sys.stdout.buffer.write(payloads.encoded(payload) + b"\n")
    sys.stdout.buffer.flush()
