"""The geometry shared by training and device, and values derived from it."""

import dataclasses

import pytest

from edged.features.geometry import GEOMETRY, Geometry, geometry_of


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


def test_geometry_of_fields() -> None:
    """A geometry is what its fields say; whole numbers may stand where fractions may."""
    fields = {**dataclasses.asdict(GEOMETRY), "n_fft": 400, "hop": 160, "n_mels": 80, "n_bands": 80, "n_frames": 300}
    found = geometry_of({**fields, "top_db": 80, "f_min_hz": 0})
    assert found == Geometry(n_fft=400, hop=160, n_mels=80, n_bands=80, n_frames=300)
    assert found.window_s == pytest.approx(2.99)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"sample_rate_hz": 44_100}, "sample_rate_hz is 44100, expected a whole number from 16000 to 16000"),
        ({"n_fft": 2**30}, "n_fft is 1073741824, expected a whole number from 64 to 4096"),
        ({"n_fft": 1024.0}, "n_fft is 1024.0, expected a whole number"),
        ({"n_fft": 1023}, "n_fft is 1023, expected an even number not below hop (256)"),
        ({"n_fft": 128}, "n_fft is 128, expected an even number not below hop (256)"),
        ({"n_bands": 63}, "n_bands is 63, expected a divisor of n_mels (128)"),
        ({"n_frames": 187}, None),
        ({"n_frames": 189}, None),
        ({"n_frames": 185}, "n_frames is 185, expected as many as make a window of 2.992 s"),
        ({"f_max_hz": float("nan")}, "f_max_hz is nan, expected a number from 4001 to 8000"),
        ({"top_db": -80.0}, "top_db is -80.0, expected a number from 20 to 120"),
        ({"more": 1}, "more is 1, expected no such key"),
    ],
)
def test_geometry_of_wrong_fields(changed: dict[str, float], expected: str | None) -> None:
    """Each field is refused by its name; a frame more or less is no fault."""
    fields = {**dataclasses.asdict(GEOMETRY), **changed}
    if expected is None:
        geometry_of(fields)
        return
    with pytest.raises(ValueError) as caught:  # noqa: PT011 -- the message is what is tested
        geometry_of(fields)
    assert str(caught.value).startswith(expected)


def test_geometry_of_missing_field() -> None:
    """None has a default."""
    with pytest.raises(ValueError, match=r"^f_max_hz is absent, expected a number from 4001 to 8000$"):
        geometry_of({})
