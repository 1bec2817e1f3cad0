"""Synthetic shouting and whispering: what changes and what stays, in samples and log-mel."""

import numpy as np
import pytest

from convert.gate.recipe import VoiceSpec
from convert.gate.voices import shouted, shouted_frames, whispered, whispered_frames
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd
from tests.parts.sound.speech import RATE_HZ, sine

OCTAVE = VoiceSpec(
    shout_semitones=(12.0, 12.0),
    shout_formants=(1.0, 1.0),
    shout_speed=(1.0, 1.0),
    shout_effort_db=(0.0, 0.0),
    shout_evened=(0.0, 0.0),
    shout_drive_db=(-6.0, -6.0),
    sharpened=(1.0, 1.0),
    frames_moved=1.0,
)


def voice(pitch_hz: float = 150, duration_s: float = 1.2) -> Floats:
    """(n,) harmonics that fall by 6 dB per octave, switched on and off like syllables."""
    total = sum(sine(pitch_hz * order, duration_s, 0.2 / order) for order in range(1, 40))
    return np.asarray(total * (1 + sine(4, duration_s)) / 2, np.float32)


def spectrum_db(samples: Floats) -> Floats:
    """(n // 2 + 1,) dB at about 1 Hz per bin, of the middle second."""
    middle = samples[:RATE_HZ] * np.hanning(RATE_HZ)
    return np.asarray(20 * np.log10(np.abs(np.fft.rfft(middle)) + 1e-6), np.float32)


def frames(samples: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    """(k, 64) dB below the loudest cell."""
    levels = FrontEnd().clip_levels(samples)
    return np.asarray((levels - levels.max()).reshape(len(levels), GEOMETRY.n_bands, -1).mean(axis=2), np.float16)


def test_shout_is_an_octave_higher() -> None:
    """Harmonics are at multiples of twice the pitch, and the odd ones are gone."""
    found = spectrum_db(shouted(voice(), OCTAVE, np.random.default_rng(1)))
    assert found[290:311].max() > found[140:161].max() + 20
    assert found[590:611].max() > found[440:461].max() + 20


def test_shout_keeps_the_envelope() -> None:
    """The vocal tract keeps its length: 2 to 3 kHz stay as far below 300 to 1300 Hz, within 6 dB."""
    before, after = spectrum_db(voice()), spectrum_db(shouted(voice(), OCTAVE, np.random.default_rng(1)))

    def fall(found: Floats) -> float:
        power = 10 ** (found / 10)
        return float(10 * np.log10(power[300:1300].sum() / power[2000:3000].sum()))

    assert fall(after) == pytest.approx(fall(before), abs=6)


def test_shout_is_clipped_where_it_is_driven() -> None:
    """Peaks 6 dB above full scale are clipped."""
    driven = VoiceSpec(shout_drive_db=(6.0, 6.0))
    found = np.abs(shouted(voice(), driven, np.random.default_rng(1)))
    assert found.max() == 1
    assert (found == 1).mean() > 0.001


def test_whisper_has_no_pitch() -> None:
    """Energy between harmonics equals that on them; length and peak stay."""
    samples = voice()
    found = whispered(samples, VoiceSpec(), np.random.default_rng(1))
    assert len(found) == len(samples)
    assert np.abs(found).max() == pytest.approx(np.abs(samples).max(), rel=1e-5)
    before, after = spectrum_db(samples), spectrum_db(found)
    on, between = [slice(150 * n - 10, 150 * n + 11) for n in range(5, 15)], range(5, 15)
    gap_before = np.mean(
        [before[at].max() - before[150 * n + 65 : 150 * n + 86].max() for n, at in zip(between, on, strict=True)]
    )
    gap_after = np.mean(
        [after[at].max() - after[150 * n + 65 : 150 * n + 86].max() for n, at in zip(between, on, strict=True)]
    )
    assert gap_before > 20
    assert abs(gap_after) < 6


@pytest.mark.parametrize("make", [shouted_frames, whispered_frames])
def test_log_mel_keeps_its_form(make: object) -> None:
    """The number of frames stays, the loudest cell is 0 dB, and equal seeds give equal images."""
    given = frames(voice())
    found = make(given, VoiceSpec(), np.random.default_rng(1))  # type: ignore[operator]
    assert found.shape == given.shape
    assert found.dtype == np.float16
    assert found.max() == 0
    np.testing.assert_array_equal(found, make(given, VoiceSpec(), np.random.default_rng(1)))  # type: ignore[operator]


def test_shouted_log_mel_is_that_of_a_higher_voice() -> None:
    """The lowest harmonic's band moves by as much as the front end puts between 300 and 600 Hz."""
    low, high = frames(voice(300)).astype(np.float32).mean(axis=0), frames(voice(600)).astype(np.float32).mean(axis=0)
    found = shouted_frames(frames(voice(300)), OCTAVE, np.random.default_rng(1)).astype(np.float32).mean(axis=0)
    assert abs(int(found[:20].argmax()) - int(high[:20].argmax())) <= 1
    assert int(low[:20].argmax()) < int(found[:20].argmax())


def test_silence_stays_silence() -> None:
    """Silence gives no NaN."""
    silent = np.zeros(RATE_HZ, np.float32)
    for make in (shouted, whispered):
        assert np.isfinite(make(silent, VoiceSpec(), np.random.default_rng(1))).all()
