"""Attempts in vain to the seconds until the next one: doubling, jittered, from 1 s to 120 s.

    attempted ──► wait_s, random in the upper half of 2, 4, 8 … 120 s ──► lasted(seconds) pays it off

The jitter spreads a hundred devices that lost one broker in the same second; half of the time is fixed, so that a wait
stays a wait.  A connection that breaks at once counts as an attempt in vain: two devices of one client id put each
other out, and a broker that closes every connection is no better than an absent one.
"""

import random

FIRST_S = 1.0
LONGEST_S = 120.0
_MOST_DOUBLINGS = 16  # beyond the longest wait in any case; keeps the power a small number


class Backoff:
    """The wait before the next attempt."""

    def __init__(self) -> None:
        self._attempts = 0
        self.wait_s = FIRST_S

    def attempted(self) -> float:
        """An attempt begins; the seconds to wait after it, should it be in vain."""
        self._attempts += 1
        longest_s = min(FIRST_S * 2.0 ** min(self._attempts, _MOST_DOUBLINGS), LONGEST_S)
        self.wait_s = random.uniform(longest_s / 2, longest_s)  # noqa: S311 -- spreads load, guards nothing
        return self.wait_s

    def lasted(self, connected_s: float) -> float:
        """A connection broke that held for ``connected_s``; the seconds to wait now.

        One that held longer than the wait it would cause makes the attempts before it forgotten.
        """
        if connected_s > self.wait_s:
            self._attempts = 0
            return self.attempted()
        return self.wait_s
