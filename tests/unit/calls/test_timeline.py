"""Valence and its smoothed line."""

import numpy as np
import pytest

from edged.calls.timeline import line, valence

LABELS = ("angry", "happy", "neutral")


def test_valence_is_happy_less_distress() -> None:
    """Between -1 and 1; a bundle without the positive label has only the negative side."""
    scores = np.array([[0.8, 0.1, 0.1], [0.0, 1.0, 0.0]], np.float32)
    assert valence(scores, LABELS, np.array([0.8, 0.0])) == pytest.approx([-0.7, 1.0])
    assert valence(scores[:, :2], ("angry", "neutral"), np.array([0.8, 0.0])) == pytest.approx([-0.8, 0.0])


def test_line_of_a_constant_is_the_constant() -> None:
    """Windows without speech have no line, and the others do not feel them; the band holds the line."""
    values = np.full(40, -0.5)
    values[10:14] = np.nan
    smooth = line(values, 1.504)
    speech = ~np.isnan(values)
    assert smooth.smooth[speech] == pytest.approx(-0.5)
    assert np.isnan(smooth.smooth[~speech]).all()
    assert (smooth.low[speech] < -0.5).all()
    assert (smooth.high[speech] > -0.5).all()


def test_band_is_wider_where_there_is_less() -> None:
    """A lone window is less certain than one among many, and all stays within -1 and 1."""
    values = np.full(60, np.nan)
    values[:20] = np.tile([0.9, 0.5], 10)
    values[50] = 0.7
    smooth = line(values, 1.504)
    width = smooth.high - smooth.low
    assert width[50] > width[10]
    assert np.nanmax(smooth.high) <= 1


def test_no_speech_at_all() -> None:
    """Nothing, without a warning."""
    assert np.isnan(line(np.full(5, np.nan), 1.504).smooth).all()
