"""How often the model may be asked: a pause per place, and a number of questions in 24 hours.

now, place ──► cooling_down, over_budget, or None: it may be asked

Times are monotonic, since a device's wall clock may jump.  A restart of the hub starts a new budget.
"""

from collections import deque

from edged.contract.mood import Outcome

_DAY_S = 86_400.0


class Budget:
    """Questions so far; used by one thread."""

    def __init__(self, per_day: int, cooldown_s: float) -> None:
        self._per_day, self._cooldown_s = per_day, cooldown_s
        self._asked: deque[float] = deque()  # of the last 24 hours, at most per_day
        self._last: dict[str, float] = {}  # by place

    def left(self, now_s: float) -> int:
        """The number of questions left for now."""
        while self._asked and self._asked[0] <= now_s - _DAY_S:
            self._asked.popleft()
        return self._per_day - len(self._asked)

    def refusal(self, place: str, now_s: float) -> Outcome | None:
        """Why nothing is asked about ``place`` now; None if it may be."""
        if place in self._last and now_s - self._last[place] < self._cooldown_s:
            return "cooling_down"
        return None if self.left(now_s) > 0 else "over_budget"

    def count(self, place: str, now_s: float) -> None:
        """Counts a question about ``place``, whatever its outcome."""
        self._asked.append(now_s)
        self._last[place] = now_s
