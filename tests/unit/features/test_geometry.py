"""The geometry shared by training and device, and values derived from it."""

import dataclasses

import pytest

from edged.features.geometry import GEOMETRY


def test_geometry_defaults() -> None:
    """The defaults match the published log-mel images of CREMA-D."""
    assert dataclasses.asdict(GEOMETRY) == {
        "sample_rate_hz": 16_000,
        "n_fft": 1024,
        "hop": 256,
        "n_mels": 128,
        "n_bands": 64,
        "f_min_hz": 0.0,
        "f_max_hz": 8_000.0,
        "top_db": 80.0,
        "n_frames": 188,
    }


def test_window_length() -> None:
    """188 frames cover 187 hops between their centres: 2.992 s."""
    assert GEOMETRY.window == 187 * 256
    assert GEOMETRY.window_s == pytest.approx(2.992, abs=1e-12)
    assert GEOMETRY.hop_s == 0.016


def test_quantum_matches_int8() -> None:
    """255 int8 steps span exactly the front end's 80 dB."""
    assert GEOMETRY.quantum_db * 255 == pytest.approx(GEOMETRY.top_db, abs=1e-12)


def test_geometry_frozen() -> None:
    """The geometry cannot be changed at run time."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        GEOMETRY.hop = 128  # type: ignore[misc]
