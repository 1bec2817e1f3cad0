"""Whether sound comes, told to the broker, the log and systemd when that changes.

    SourceStatus ──look, between two reads──► capture, one log line, READY=1, STATUS=, WATCHDOG=1

READY comes with the first sound, or when it is known that there is none.  A source that is absent or muted brings no
windows for the watchdog to live on; there it lives on the rounds of the source's reader.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edged.contract.topics import CAPTURE, Topic
from edged.events.tracker import Reason
from edged.host.systemd import notify
from edged.pipeline.interfaces import Source

if TYPE_CHECKING:
    from edged.contract.payloads import CaptureState

DEAF = ("offline", "stalled")  # states in which no sound comes
_NOTE_S = 60.0  # how long STATUS= has a note

_log = logging.getLogger(__name__)


class SourceWatch:
    """Looks at one source; ``publish`` takes its words."""

    def __init__(self, source: Source, publish: Callable[[Topic, str], None]) -> None:
        self._source, self._publish = source, publish
        self._ready = False
        self._n_tries = 0
        self._told: tuple[CaptureState | None, str, bool] = (None, "", False)  # state, trouble, muted
        self._note = ("", 0.0)  # and until when

    def look(self) -> Reason | None:
        """Tells what changed; the reason why no emotion stands any more, where that is so."""
        source, (last, before, was_muted) = self._source.status, self._told
        state, trouble, muted = self._told = source.state, source.trouble, source.muted
        if source.n_tries != self._n_tries:
            # Waiting for a device is work that went through, as long as each round comes to its end.
            self._n_tries = source.n_tries
            notify("WATCHDOG=1")
        if trouble:
            self.ready()  # degraded, as STATUS= says: an absent microphone is waited for
        if (state, trouble) == (last, before):
            return None
        notify(f"STATUS={self.status}")
        is_opening = state == "offline" and not trouble
        if (state != last or (trouble and not before)) and not is_opening:
            _log.log(logging.WARNING if trouble else logging.INFO, "capture %s: %s", state, trouble or source.name)
        if state != last:
            self._publish(CAPTURE, state)
        if muted and not was_muted:
            return "stopped"
        return "discontinuity" if state in DEAF and state != last else None

    def ready(self) -> None:
        """There is sound, or it is known that there is none."""
        if not self._ready:
            self._ready = True
            notify("READY=1", f"STATUS={self.status}")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """For as long as the config is read again."""
        if self._ready:
            notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        yield
        if self._ready:
            notify("READY=1")

    def note(self, text: str) -> None:
        """STATUS= says ``text`` too, for a minute."""
        self._note = (f"{text}; ", time.monotonic() + _NOTE_S)
        notify(f"STATUS={self.status}")

    @property
    def status(self) -> str:
        """In words, for ``systemctl status``."""
        source, (note, until_s) = self._source.status, self._note
        note = note if time.monotonic() < until_s else ""
        if source.state == "online":
            return f"{note}Listening to {source.name}"
        return f"{note}No sound ({source.state}): {source.trouble or f'waiting for {source.name}'}"

    def close(self) -> None:
        """No sound is heard any more, whatever the source says."""
        if self._told[0] != "offline":
            self._publish(CAPTURE, "offline")
