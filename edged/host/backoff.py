"""Attempts in vain to the seconds until the next one: doubling, jittered, from the first to the longest.

    attempted ──► wait_s, random in the upper half of 2, 4, 8 … times the first ──► lasted(seconds) pays it off

For the broker and for the microphone.  The jitter spreads a hundred devices that lost one broker in the same second;
half of the time is fixed, so that a wait stays a wait.  What breaks at once counts as an attempt in vain: two devices
of one client id put each other out, a broker that closes every connection is no better than an absent one, and a cable
with a loose contact is no microphone.
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
        """An attempt begins; the seconds to wait after it, should it be in vain."""
        self._attempts += 1
        longest_s = min(self._first_s * 2.0 ** min(self._attempts, _MAX_DOUBLINGS), self._longest_s)
        self.wait_s = random.uniform(longest_s / 2, longest_s)  # noqa: S311 -- spreads load, guards nothing
        return self.wait_s

    def lasted(self, held_s: float) -> float:
        """What was attempted broke after it had held for ``held_s``; the seconds to wait now.

        One that held longer than the wait it would cause makes the attempts before it forgotten.
        """
        if held_s > self.wait_s:
            self._attempts = 0
            return self.attempted()
        return self.wait_s
