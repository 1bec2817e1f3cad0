"""The resampler: any rate to 16 kHz, in chunks of any size."""

import subprocess
import sys

import numpy as np
import pytest

from edged.audio.resample import Resampler
from edged.features.logmel import Floats
from tests.parts.sound.speech import tone

RATE = 16_000


def resampled(samples: Floats, rate_hz: int, cut: int) -> Floats:
    """``samples`` resampled in chunks of ``cut``."""
    resampler = Resampler(rate_hz)
    parts = [resampler.push(samples[start : start + cut]) for start in range(0, len(samples), cut)]
    return np.concatenate([*parts, resampler.flush()])


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_tone_stays_the_tone(rate_hz: int) -> None:
    """A sine at any rate becomes the same sine at 16 kHz, within 1 % of full scale and in phase."""
    out = resampled(tone(rate_hz, 2.0), rate_hz, rate_hz * 32 // 1000)
    expected = tone(RATE, 2.0)
    inner = slice(400, -400)  # the filter sees zeros beyond the ends
    np.testing.assert_allclose(out[inner], expected[inner], atol=0.005)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_cuts_do_not_matter(rate_hz: int) -> None:
    """Any chunk size gives the same samples."""
    samples = np.random.default_rng(1).standard_normal(rate_hz).astype(np.float32) / 4
    whole = resampled(samples, rate_hz, len(samples))
    for cut in (1411, 37):
        np.testing.assert_allclose(resampled(samples, rate_hz, cut), whole, atol=1e-6)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000])
def test_ratio_does_not_drift(rate_hz: int) -> None:
    """Ten minutes in 32 ms blocks remain ten minutes, to the sample."""
    resampler = Resampler(rate_hz)
    block = np.zeros(rate_hz * 32 // 1000, np.float32)
    n_blocks = 600_000 // 32
    n_out = sum(len(resampler.push(block)) for _ in range(n_blocks)) + len(resampler.flush())
    assert n_out == round(n_blocks * len(block) * RATE / rate_hz)


def test_delay_is_what_is_under_way() -> None:
    """At any time, output plus delay equals input in samples."""
    resampler = Resampler(48_000)
    n_in = n_out = 0
    for _ in range(50):
        n_in += 1536
        n_out += len(resampler.push(np.zeros(1536, np.float32)))
        assert n_out / RATE + resampler.delay_s == pytest.approx(n_in / 48_000)
        assert resampler.delay_s < 0.05


def test_after_restart_nothing_is_left_of_before() -> None:
    """Sound before a gap does not leak into the sound after it."""
    resampler = Resampler(48_000)
    resampler.push(np.ones(4_800, np.float32))
    resampler.restart()
    after = np.concatenate([resampler.push(np.zeros(48_000, np.float32)), resampler.flush()])
    assert len(after) == RATE
    assert not after.any()


def test_flush_leaves_it_as_new() -> None:
    """After a flush the next stream equals that of a new resampler."""
    resampler = Resampler(44_100)
    samples = tone(44_100, 0.5)
    first = np.concatenate([resampler.push(samples), resampler.flush()])
    second = np.concatenate([resampler.push(samples), resampler.flush()])
    np.testing.assert_array_equal(first, second)


def test_16_khz_passes_unchanged() -> None:
    """At 16 kHz samples pass without copy, delay or flush."""
    resampler = Resampler(RATE)
    samples = tone(RATE, 0.1)
    assert resampler.push(samples) is samples
    assert resampler.delay_s == 0
    assert len(resampler.flush()) == 0
    resampler.restart()


def test_16_khz_does_not_import_soxr() -> None:
    """A 16 kHz microphone does not load the library."""
    script = "import sys, edged.audio.resample as r; r.Resampler(16000); sys.exit('soxr' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
