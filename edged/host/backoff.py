"""The wait before the next attempt: it doubles with each failure, with jitter, from a first to a longest wait.

    attempted ──► wait_s, random in the upper half of 2, 4, 8 … times the first ──► lasted(seconds) resets it

For the broker and for the microphone.  Jitter spreads the attempts of a hundred devices that lose a broker in the same
second; half of the wait is fixed, so no attempt follows at once.  What breaks at once counts as a failure: two devices
with one client id disconnect each other, some brokers close every connection, and a cable may have a loose contact.
"""

import random

_MAX_DOUBLINGS = 16  # beyond the longest wait in any case; keeps the power a small number


class Backoff:
    """The wait before the next attempt, of at least ``first_s`` and at most ``longest_s``."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._attempts = 0
        self.wait_s = first_s

    def attempted(self) -> float:
        """Counts an attempt; the seconds to wait if it fails."""
        self._attempts += 1
        longest_s = min(self._first_s * 2.0 ** min(self._attempts, _MAX_DOUBLINGS), self._longest_s)
        self.wait_s = random.uniform(longest_s / 2, longest_s)  # noqa: S311 -- spreads load, guards nothing
        return self.wait_s

    def lasted(self, held_s: float) -> float:
        """The attempt succeeded, and broke after ``held_s``; the seconds to wait now.

        If it held longer than the wait that it would cause, the attempts before it no longer count.
        """
        if held_s > self.wait_s:
            self._attempts = 0
            return self.attempted()
        return self.wait_s
