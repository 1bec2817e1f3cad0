"""The resampler: any rate to 16 kHz, in any cuts."""

import subprocess
import sys

import numpy as np
import pytest

from edged.audio.resample import Resampler
from edged.features.logmel import Floats
from tests.parts.sound.speech import tone

RATE = 16_000


def resampled(samples: Floats, rate_hz: int, cut: int) -> Floats:
    """All of ``samples``, pushed ``cut`` at a time."""
    resampler = Resampler(rate_hz)
    parts = [resampler.push(samples[start : start + cut]) for start in range(0, len(samples), cut)]
    return np.concatenate([*parts, resampler.flush()])


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_tone_stays_the_tone(rate_hz: int) -> None:
    """A sine at any rate becomes the same sine at 16 kHz, in time with it to a hundredth of full scale."""
    out = resampled(tone(rate_hz, 2.0), rate_hz, rate_hz * 32 // 1000)
    expected = tone(RATE, 2.0)
    inner = slice(400, -400)  # beyond the ends the filter sees zeros
    np.testing.assert_allclose(out[inner], expected[inner], atol=0.005)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_cuts_do_not_matter(rate_hz: int) -> None:
    """However the stream is cut, the same samples come out."""
    samples = np.random.default_rng(1).standard_normal(rate_hz).astype(np.float32) / 4
    whole = resampled(samples, rate_hz, len(samples))
    for cut in (1411, 37):
        np.testing.assert_allclose(resampled(samples, rate_hz, cut), whole, atol=1e-6)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000])
def test_ratio_does_not_drift(rate_hz: int) -> None:
    """Ten minutes in blocks of 32 ms are ten minutes afterwards, to the sample."""
    resampler = Resampler(rate_hz)
    block = np.zeros(rate_hz * 32 // 1000, np.float32)
    n_blocks = 600_000 // 32
    n_out = sum(len(resampler.push(block)) for _ in range(n_blocks)) + len(resampler.flush())
    assert n_out == round(n_blocks * len(block) * RATE / rate_hz)


def test_delay_is_what_is_under_way() -> None:
    """At any time the samples that came out, with the delay, are the samples that went in."""
    resampler = Resampler(48_000)
    n_in = n_out = 0
    for _ in range(50):
        n_in += 1536
        n_out += len(resampler.push(np.zeros(1536, np.float32)))
        assert n_out / RATE + resampler.delay_s == pytest.approx(n_in / 48_000)
        assert resampler.delay_s < 0.05


def test_after_restart_nothing_is_left_of_before() -> None:
    """What came before a gap is not heard after it."""
    resampler = Resampler(48_000)
    resampler.push(np.ones(4_800, np.float32))
    resampler.restart()
    after = np.concatenate([resampler.push(np.zeros(48_000, np.float32)), resampler.flush()])
    assert len(after) == RATE
    assert not after.any()


def test_flush_leaves_it_as_new() -> None:
    """After a flush the next stream comes out as from a new resampler."""
    resampler = Resampler(44_100)
    samples = tone(44_100, 0.5)
    first = np.concatenate([resampler.push(samples), resampler.flush()])
    second = np.concatenate([resampler.push(samples), resampler.flush()])
    np.testing.assert_array_equal(first, second)


def test_16_khz_passes_unchanged() -> None:
    """Nothing is to be done at 16 kHz, so nothing is: no copy, no delay, nothing to flush."""
    resampler = Resampler(RATE)
    samples = tone(RATE, 0.1)
    assert resampler.push(samples) is samples
    assert resampler.delay_s == 0
    assert len(resampler.flush()) == 0
    resampler.restart()


def test_16_khz_does_not_import_soxr() -> None:
    """A device whose microphone gives 16 kHz does not pay for the library."""
    script = "import sys, edged.audio.resample as r; r.Resampler(16000); sys.exit('soxr' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
