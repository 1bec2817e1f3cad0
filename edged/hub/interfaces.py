"""The interface of what receives moods besides the broker, such as the agent.

MoodEvent ──► MoodListener.mood_changed
"""

from types import TracebackType
from typing import Protocol, Self

from edged.contract.mood import MoodEvent


class MoodListener(Protocol):
    """Opened and closed by ``with``."""

    def __enter__(self) -> Self:
        """Start."""

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """End, within two seconds."""

    def mood_changed(self, event: MoodEvent) -> None:
        """A mood changed and holds; called by the hub's thread, so it must not block."""
