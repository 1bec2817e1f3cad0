"""Changes of a source's state, reported to the broker, the log and systemd.

    SourceStatus ──check, between two reads──► capture, one log line, READY=1, STATUS=, WATCHDOG=1

READY=1 is sent with the first sound, or once it is known that there is none.  An absent or muted source gives no
windows to feed the watchdog with; meanwhile the rounds of its reader thread feed it.
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
    from edged.contract.fields import CaptureState

DEAF = ("offline", "stalled")  # states in which no sound comes
_NOTE_S = 60.0  # how long STATUS= shows a note

_log = logging.getLogger(__name__)


class SourceWatch:
    """Watches one source; ``publish`` gets its states."""

    def __init__(self, source: Source, publish: Callable[[Topic, str], None]) -> None:
        self._source, self._publish = source, publish
        self._ready = False
        self._n_tries = 0
        self._last: tuple[CaptureState | None, str, bool] = (None, "", False)  # state, trouble, muted
        self._note = ("", 0.0)  # text, and the monotonic clock at its end

    def check(self) -> Reason | None:
        """Reports what changed; the reason to end the running episode, or None."""
        source, (last_state, last_trouble, was_muted) = self._source.status, self._last
        state, trouble, muted = self._last = source.state, source.trouble, source.muted
        if source.n_tries != self._n_tries:
            # Waiting for a device counts as progress, as long as each round comes to its end.
            self._n_tries = source.n_tries
            notify("WATCHDOG=1")
        if trouble:
            self.ready()  # degraded, as STATUS= says: the daemon waits for an absent microphone
        if (state, trouble) == (last_state, last_trouble):
            return None
        notify(f"STATUS={self.status}")
        is_opening = state == "offline" and not trouble  # published, since the broker may retain another state
        if (state != last_state or (trouble and not last_trouble)) and not is_opening:
            _log.log(logging.WARNING if trouble else logging.INFO, "capture %s: %s", state, trouble or source.name)
        if state != last_state:
            self._publish(CAPTURE, state)
        if muted and not was_muted:
            return "stopped"
        return "discontinuity" if state in DEAF and state != last_state else None

    def ready(self) -> None:
        """Sound has come, or it is known that there is none."""
        if not self._ready:
            self._ready = True
            notify("READY=1", f"STATUS={self.status}")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """While the config is read again."""
        if self._ready:
            notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        yield
        if self._ready:
            notify("READY=1")

    def note(self, text: str) -> None:
        """Shows ``text`` in STATUS= for a minute."""
        self._note = (f"{text}; ", time.monotonic() + _NOTE_S)
        notify(f"STATUS={self.status}")

    @property
    def status(self) -> str:
        """The state in words, for ``systemctl status``."""
        source, (note, until_s) = self._source.status, self._note
        note = note if time.monotonic() < until_s else ""
        if source.state == "online":
            return f"{note}Listening to {source.name}"
        return f"{note}No sound ({source.state}): {source.trouble or f'waiting for {source.name}'}"

    def close(self) -> None:
        """Reports the source as offline: the daemon no longer reads it."""
        if self._last[0] != "offline":
            self._publish(CAPTURE, "offline")
