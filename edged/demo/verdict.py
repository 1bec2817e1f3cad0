"""The messages of the demo to a verdict: which emotions were meant, which were detected, and whether that is enough.

    Received ──topic, payload──► episodes ──Turn──► meant and detected in each turn ──► summary, fault

A demo that shows one or two emotions is a failure: it is the first thing that a newcomer sees.
"""

from collections.abc import Sequence

import msgspec

from edged.contract.payloads import EpisodeEnd
from edged.contract.topics import AVAILABILITY, EVENT_END, EVENT_START, OFFLINE, Received
from edged.decoding import MALFORMED
from edged.demo.sample import Episode, Turn, detected
from edged.errors import counted

MIN_EMOTIONS = 4  # different ones, each in a turn in which it is meant


class Verdict:
    """What the demo has shown so far, and what is missing."""

    def __init__(self, turns: Sequence[Turn], prefix: str) -> None:
        """``prefix`` is the beginning of the node's topics, with the slash at its end."""
        self._turns = turns
        self._prefix = prefix
        self._episodes: list[Episode] = []
        self._n_messages = 0
        self._n_starts = 0
        self.offline = False

    def take(self, received: Received) -> None:
        """Count one message; one that does not match its schema is shown by the view and not counted here."""
        name = received.topic.removeprefix(self._prefix)
        if name == AVAILABILITY.name:
            self.offline = received.payload == OFFLINE.encode()
            return
        self._n_messages += 1
        self._n_starts += name == EVENT_START.name
        if name == EVENT_END.name:
            try:
                end = msgspec.json.decode(received.payload, type=EpisodeEnd)
            except MALFORMED:
                return
            self._episodes.append(Episode(end.event_type, end.start_s, end.start_s + end.duration_s))

    def fault(self) -> str:
        """Why the demo failed, in one line; empty if it did not."""
        if not self._n_messages:
            return "no message was received"
        if not self._n_starts:
            return "no event was received: no emotion lasted long enough for an episode"
        as_meant, otherwise = self._as_meant(), self._otherwise()
        if len(as_meant) >= MIN_EMOTIONS:
            return ""
        emotions = f"{counted(len(as_meant), 'emotion')} detected as meant"
        named = f" ({', '.join(as_meant)})" if as_meant else ""
        return f"{emotions}{named}, expected at least {MIN_EMOTIONS}; {', '.join(otherwise)}"

    def summary(self) -> str:
        """What was meant and what was detected, in two or three lines."""
        share = f"{self._n_right()} of {counted(len(self._turns), 'turn')}"
        lines = [f"Detected as meant: {', '.join(self._as_meant())} ({share})."]
        if otherwise := self._otherwise():
            lines.append(f"Detected otherwise: {', '.join(otherwise)}.")
        lines.append(f"Shown: {counted(self._n_starts, 'episode')}, {counted(self._n_messages, 'message')}.")
        return "\n".join(lines)

    def _pairs(self) -> list[tuple[str, str]]:
        """Meant and detected, turn by turn."""
        return [(turn.meant, detected(turn, self._episodes)) for turn in self._turns]

    def _as_meant(self) -> list[str]:
        return list(dict.fromkeys(meant for meant, label in self._pairs() if label == meant))

    def _otherwise(self) -> list[str]:
        return [f"{meant} as {label}" for meant, label in self._pairs() if label != meant]

    def _n_right(self) -> int:
        return sum(meant == label for meant, label in self._pairs())
