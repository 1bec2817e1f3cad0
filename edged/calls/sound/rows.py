"""Many windows' features kept until all of them are there, in memory that goes back to the system as a whole.

    row (width,) float32 ──append──► blocks of 64 rows, each mapped by itself ──iterated──► rows in order

An hour of speech has 22 MB of them where the trunk is large.  As objects of their own they would lie among those that
stay, and their memory would not be free for what comes after.
"""

import mmap
from collections.abc import Iterator

import numpy as np

from edged.features.logmel import Floats

_N_ROWS = 64  # of a block


class Rows:
    """Rows of one width, which the first one gives."""

    def __init__(self) -> None:
        self._blocks: list[Floats] = []
        self._n = 0

    def __len__(self) -> int:
        """How many there are."""
        return self._n

    def __iter__(self) -> Iterator[Floats]:
        """Each row (width,), in order."""
        for index in range(self._n):
            yield self._blocks[index // _N_ROWS][index % _N_ROWS]

    def append(self, row: Floats) -> None:
        """A copy of ``row`` (width,) becomes the last one."""
        if self._n == len(self._blocks) * _N_ROWS:
            memory = mmap.mmap(-1, _N_ROWS * row.nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            block = np.frombuffer(memory, np.float32)
            self._blocks.append(block.reshape(_N_ROWS, len(row)))
        self._blocks[-1][self._n % _N_ROWS] = row
        self._n += 1
