"""Where the name of a point goes in a plot: beside it, over nothing else, or farther off with a line to it.

points and what is drawn already, as boxes ──the cheapest of places around the point──► Placed: box and line
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
_DISTANCES = (7, 10, 14, 20, 28, 38, 50, 64, 80)  # from the point to the nearest edge of the name; a unit is 1/72 inch
_SHARES = (0.5, 0.3, 0.7, 0.15, 0.85)  # of a name above or below its point that lies left of it
_MEETS = 1000.0  # what it costs to cover something: more than any distance and the lines that are crossed on it
_CROSSES = 40.0  # what it costs a line to cross something
_ON_LINE = 8.0  # what it costs to lie on a line of the plot, which stays visible around the letters
_STEP = 3.0  # between the places of a line that are looked at
_TOUCHES = 7.5  # up to this distance the name needs no line


@dataclass(frozen=True, slots=True)
class Box:
    """What covers a part of the plot."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box") -> bool:
        """Whether both cover a common part."""
        beside = self.right <= other.left or other.right <= self.left
        return not beside and self.bottom < other.top and other.bottom < self.top

    def within(self, other: "Box") -> bool:
        """Whether ``other`` covers all of it."""
        across = other.left <= self.left and self.right <= other.right
        return across and other.bottom <= self.bottom and self.top <= other.top

    def nearest(self, point: Point) -> Point:
        """Its place with the least distance from ``point``."""
        return min(max(point[0], self.left), self.right), min(max(point[1], self.bottom), self.top)


@dataclass(frozen=True, slots=True)
class Placed:
    """A name's box, and where its line begins; None where the name touches its point."""

    box: Box
    line: Point | None


def around(point: Point, half: float) -> Box:
    """A square of twice ``half``, with ``point`` in the middle."""
    return Box(point[0] - half, point[1] - half, point[0] + half, point[1] + half)


def placed(point: Point, size: Point, taken: Sequence[Box], line: Box, panel: Box) -> Placed:
    """The cheapest place for a name of ``size`` (width, height) at ``point``, within ``panel``.

    The farther it is, the more it costs; to cover a box of ``taken`` costs more than any distance, to lie on ``line``
    a little.
    """

    def cost(box: Box) -> float:
        near = box.nearest(point)
        met = sum(box.meets(other) for other in taken)
        others = [other for other in taken if not other.meets(around(point, 1))]  # a line begins in its own point
        crossed = sum(any(other.meets(around(place, 0.5)) for place in _between(point, near)) for other in others)
        return math.dist(point, near) + _MEETS * met + _CROSSES * crossed + _ON_LINE * box.meets(line)

    box = min((one for one in _boxes(point, size) if one.within(panel)), key=cost)
    near = box.nearest(point)
    return Placed(box, near if math.dist(point, near) > _TOUCHES else None)


def _boxes(point: Point, size: Point) -> Iterable[Box]:
    """Around ``point``: to its right and left, above and below, and between."""
    width, height = size
    for distance in _DISTANCES:
        for up in (0.0, 0.5, -0.5, 1.0, -1.0):
            below = height if up < 0 else 0 if up else height / 2
            bottom = point[1] + up * distance - below
            beside = distance * math.sqrt(1 - up * up)
            yield Box(point[0] + beside, bottom, point[0] + beside + width, bottom + height)
            yield Box(point[0] - beside - width, bottom, point[0] - beside, bottom + height)
            if abs(up) == 1:
                for share in _SHARES:
                    left = point[0] - share * width
                    yield Box(left, bottom, left + width, bottom + height)


def _between(start: Point, end: Point) -> Iterable[Point]:
    n_steps = max(1, round(math.dist(start, end) / _STEP))
    for number in range(n_steps + 1):
        share = number / n_steps
        yield start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
