"""Spectra by two matrix products: equal to a transform in double precision."""

from dataclasses import replace

import numpy as np
import pytest

from edged.features.geometry import GEOMETRY, Geometry
from edged.features.spectrum import BLOCK, LARGE_BLOCK, Spectra, SpectrumTables
from edged.features.whisper import WHISPER
from tests.parts.sound.speech import noise

_GEOMETRIES = {
    "default": GEOMETRY,
    "whisper": WHISPER,
    "odd factor": replace(GEOMETRY, n_fft=600, hop=200),
    "odd second factor": replace(GEOMETRY, n_fft=990, hop=330),
    "no factors": replace(GEOMETRY, n_fft=2 * 509, hop=300),
}


@pytest.mark.parametrize("name", _GEOMETRIES)
def test_power_as_double_precision(name: str) -> None:
    """Every bin of every frame, to a ten millionth of the greatest power; each bin is counted once."""
    geometry = _GEOMETRIES[name]
    samples = noise(1.0)
    tables = SpectrumTables(geometry)
    n_frames = min(BLOCK, 1 + (len(samples) - geometry.n_fft) // geometry.hop)
    frames = np.stack([samples[at * geometry.hop :][: geometry.n_fft] for at in range(n_frames)])
    expected = np.abs(np.fft.rfft(frames * tables.taper.astype(np.float64), axis=1)) ** 2
    power = Spectra(tables).power(samples, n_frames)
    np.testing.assert_allclose(power, expected[:, tables.bins], rtol=1e-3, atol=2e-7 * expected.max())
    assert sorted(tables.bins[tables.counted]) == list(range(geometry.n_fft // 2 + 1))


@pytest.mark.parametrize("n_frames", [1, BLOCK - 1, BLOCK])
def test_power_of_few_frames(n_frames: int) -> None:
    """A block that is not full gives the frames that it has."""
    samples = noise(1.0)
    spectra = Spectra(SpectrumTables(GEOMETRY))
    whole = spectra.power(samples, BLOCK).copy()
    np.testing.assert_allclose(spectra.power(samples, n_frames), whole[:n_frames], rtol=1e-4, atol=1e-9)


def test_parts_as_double_precision() -> None:
    """Real and imaginary parts of every bin; a row whose bin is a mirror has the conjugate."""
    samples, tables = noise(1.0), SpectrumTables(GEOMETRY)
    frames = np.stack([samples[at * GEOMETRY.hop :][: GEOMETRY.n_fft] for at in range(20)])
    expected = np.fft.rfft(frames * tables.taper.astype(np.float64), axis=1)[:, tables.bins]
    real, imaginary = Spectra(tables).parts(samples, 20).transpose(0, 2, 1, 3).reshape(2, 20, -1)
    atol = 1e-6 * np.abs(expected).max()
    np.testing.assert_allclose(real, expected.real, atol=atol)
    np.testing.assert_allclose(np.abs(imaginary), np.abs(expected.imag), atol=atol)


def test_parts_need_factors() -> None:
    """Without them numpy's power is all there is."""
    with pytest.raises(ValueError, match="n_fft 1018 has no two factors"):
        Spectra(SpectrumTables(_GEOMETRIES["no factors"])).parts(noise(1.0), 3)


def test_large_blocks_have_the_bits_of_small_ones() -> None:
    """Frames of a recording, many at once, are those of live sound."""
    samples, tables = noise(2.0), SpectrumTables(GEOMETRY)
    n_frames = LARGE_BLOCK - 5
    whole = Spectra(tables, LARGE_BLOCK).power(samples, n_frames)
    spectra = Spectra(tables)
    for first in range(0, n_frames, BLOCK):
        n = min(BLOCK, n_frames - first)
        np.testing.assert_array_equal(
            spectra.power(samples[first * GEOMETRY.hop :], n, n), whole[first : first + n], str(first)
        )


def test_power_is_not_allocated_anew() -> None:
    """Two calls give the same memory."""
    spectra = Spectra(SpectrumTables(GEOMETRY))
    assert np.shares_memory(spectra.power(noise(1.0), BLOCK), spectra.power(noise(1.0), BLOCK))


def test_bins_rise_in_blocks() -> None:
    """The rows of a mel band lie close together, so that its filter multiplies few of them."""
    tables = SpectrumTables(GEOMETRY)
    assert tables.factors == (64, 16)
    assert all(np.ptp(block) == 32 for block in tables.bins.reshape(16, 33))
    assert (np.diff(tables.bins.reshape(16, 33).min(axis=1)) == 32).all()


@pytest.mark.parametrize("geometry", [GEOMETRY, WHISPER])
def test_memory_of_the_tables_is_bounded(geometry: Geometry) -> None:
    """The tables of a front end take less than 400 kB."""
    tables = SpectrumTables(geometry)
    assert tables.first.nbytes + tables.second.nbytes < 4e5
