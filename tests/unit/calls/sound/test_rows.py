"""Rows come back as they went in."""

import numpy as np

from edged.calls.sound.rows import Rows


def test_rows_in_order() -> None:
    """More than two blocks of rows, each a copy."""
    rng = np.random.default_rng(1)
    given = rng.normal(size=(150, 7)).astype(np.float32)
    rows = Rows()
    for row in given:
        changed = row.copy()
        rows.append(changed)
        changed[:] = 0
    assert len(rows) == len(given)
    np.testing.assert_array_equal(np.stack(list(rows)), given)


def test_no_rows() -> None:
    """None is none."""
    assert not Rows()
    assert list(Rows()) == []
