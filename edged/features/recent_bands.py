"""The band levels of the last frames, and the image of any window of them.

    levels (k, 128) dB ──pairs: sum, greater──► rings ──cells of new frames, or of all──► image (188, 64) int8

``FrontEnd.image`` clips each level at a floor below the loudest of the window and adds the two levels of a pair.  With
g the greater and s the sum of a pair, that is max(s, g + floor, 2 floor), the same to the last bit.  The loudest frame
of a window usually was in the previous window too: then the floor is the same, and only the new frames are converted.
"""

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import Geometry
from edged.features.logmel import Floats, int8_input


class RecentBands:
    """Rings of ``n_frames`` rows, each stored twice, ``n_frames`` apart, so that any window is one view."""

    def __init__(self, geometry: Geometry) -> None:
        """``geometry`` must average pairs of mel bands.

        Raises:
            ValueError: it averages more bands, or none.
        """
        if geometry.n_mels != 2 * geometry.n_bands:
            raise ValueError(f"n_mels is {geometry.n_mels}, expected twice n_bands ({geometry.n_bands})")
        self._size, self._top_db = geometry.n_frames, np.float32(geometry.top_db)
        shape = (2 * geometry.n_frames, geometry.n_bands)
        self._sums, self._greater = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._loudest = np.empty(shape[0], np.float32)
        self._cells = np.empty(shape, np.int8)  # the frames that were in a window, converted with ``_floor``
        self._floor: np.float32 | None = None
        self._new: list[slice] = []  # rows without cells
        self._work, self._floors = np.empty((2, geometry.n_frames, geometry.n_bands), np.float32)

    def put(self, levels: Floats, row: int) -> None:
        """Writes ``levels`` (k, n_mels) to the rows from ``row`` on, at most to the end of the ring."""
        rows, copies = self._both(row, row + len(levels))
        low, high = levels[:, ::2], levels[:, 1::2]
        np.add(low, high, out=self._sums[rows])
        np.maximum(low, high, out=self._greater[rows])
        np.maximum.reduce(self._greater[rows], axis=1, out=self._loudest[rows])
        for ring in (self._sums, self._greater, self._loudest):
            ring[copies] = ring[rows]
        self._new.append(rows)

    def image(self, first: int, n_frames: int) -> NDArray[np.int8]:
        """``int8_input(FrontEnd.image(levels))`` of the ``n_frames`` levels from row ``first`` on.

        ``n_frames`` is smaller than the geometry's only at the end of a short stream, which has no more frames.
        """
        floor = np.maximum.reduce(self._loudest[first : first + n_frames]) - self._top_db
        if floor != self._floor:
            end = first + n_frames
            self._floor = floor
            self._new = [slice(first, min(end, self._size)), slice(0, max(0, end - self._size))]
        for new in self._new:
            rows, copies = self._both(new.start, new.stop)
            self._cells[rows] = self._cells[copies] = self._converted(rows, floor)
        self._new = []
        image = self._cells[first : first + self._size].copy()
        image[n_frames:] = -128
        return image

    def _both(self, begin: int, end: int) -> tuple[slice, slice]:
        return slice(begin, end), slice(begin + self._size, end + self._size)

    def _converted(self, rows: slice, floor: np.float32) -> NDArray[np.int8]:
        """(k, n_bands) the cells of these rows."""
        n_rows = rows.stop - rows.start
        bands, floors = self._work[:n_rows], self._floors[:n_rows]
        np.add(self._greater[rows], floor, out=bands)
        np.maximum(bands, self._sums[rows], out=bands)
        floors.fill(2 * floor)  # numpy's maximum of an array and a number takes four times as long
        np.maximum(bands, floors, out=bands)
        bands -= 2 * floor
        bands *= np.float32(255 / (2 * self._top_db))
        return int8_input(np.rint(bands, out=bands).astype(np.uint8))
