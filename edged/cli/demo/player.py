"""The moving parts of a demo: the script of what is meant when, and threads that store what they raise.

turns, the wall clock ──Script──► turns that have begun, the emotion that is meant
play ──Player──► its thread, and its fault for the main thread
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from edged.config.structs import Config
from edged.demo.sample import Turn, nearest

Play = Callable[[Config], None]


class Script:
    """The turns by the wall clock, from the moment when the sample begins."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._waiting = list(turns)
        self._origin_s = float("inf")

    def start(self, now_s: float) -> None:
        """The sample begins now; only the first call counts."""
        self._origin_s = min(self._origin_s, now_s)

    def due(self, now_s: float) -> list[Turn]:
        """The turns that have begun since the last call."""
        begun = [turn for turn in self._waiting if self._origin_s + turn.start_s <= now_s]
        del self._waiting[: len(begun)]
        return begun

    def meant_at(self, moment: datetime) -> str:
        """The emotion that is meant then; empty before the sample begins."""
        at_s = moment.timestamp() - self._origin_s
        return nearest(self._turns, at_s).meant if self._turns and at_s > 0 else ""


class Player(threading.Thread):
    """The thread of a part of a demo; stores what ``play`` raises, for the main thread to raise again."""

    def __init__(self, play: Play, config: Config, name: str = "edged-demo-player") -> None:
        super().__init__(name=name, daemon=True)
        self._play = play
        self._config = config
        self.fault: Exception | None = None

    def run(self) -> None:
        """Run it to its end."""
        try:
            self._play(self._config)
        except Exception as exc:  # noqa: BLE001 -- raised again in the main thread
            self.fault = exc
