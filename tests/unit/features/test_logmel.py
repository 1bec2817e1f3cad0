"""Log-mel: equal to librosa and python_speech_features, then edge cases."""

from pathlib import Path

import librosa
import numpy as np
import pytest
import python_speech_features.sigproc
from numpy.typing import NDArray

from edged.features.geometry import GEOMETRY
from edged.features.logmel import (
    Floats,
    FrontEnd,
    hz_to_mel,
    int8_input,
    levels_of,
    mel_filters,
    mel_to_hz,
    steps_of,
)
from edged.features.spectrum import taper
from tests.parts.sound.speech import clips, noise, sine

_FRONT_END = FrontEnd()
_SYNTHETIC = {
    "noise": noise(2.9),
    "sine": sine(1000, 2.5, 0.5),
    "sweep": librosa.chirp(fmin=50, fmax=7900, sr=16000, duration=2.9).astype(np.float32),
    "click": np.eye(1, 40000, 12345, dtype=np.float32)[0],
    "speechlike": noise(2.0, 0.01) + sine(180, 2.0, 0.3) * (1 + sine(4, 2.0)),
}


def loudness_of(samples: Floats) -> Floats:
    """(k, 2) dBFS of the whole frames."""
    loudness = np.empty((_FRONT_END.n_frames(len(samples)), 2), np.float32)
    _FRONT_END.levels(samples, loudness=loudness)
    return loudness


def librosa_image(samples: Floats) -> NDArray[np.float64]:
    """(k, 64) values in 0..255 before rounding, computed by librosa in double precision."""
    mel = librosa.feature.melspectrogram(
        y=samples.astype(np.float64), sr=16000, n_fft=1024, hop_length=256, n_mels=128, power=2, pad_mode="constant"
    )
    db = librosa.power_to_db(mel, ref=np.max, amin=1e-10, top_db=80)
    return np.asarray((db.reshape(64, 2, -1).mean(axis=1).T + 80) * 255 / 80)


def test_hz_to_mel_as_librosa() -> None:
    """Slaney's scale on both sides of its break at 1 kHz, and its inverse."""
    frequencies_hz = np.array([0.0, 66.7, 999.9, 1000.0, 1000.1, 4000.0, 8000.0])
    np.testing.assert_allclose(hz_to_mel(frequencies_hz), librosa.hz_to_mel(frequencies_hz), rtol=1e-12)
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(frequencies_hz)), frequencies_hz, rtol=1e-12)


def test_mel_filters_as_librosa() -> None:
    """128 triangles from 0 to 8 kHz, area-normalised."""
    expected = librosa.filters.mel(sr=16000, n_fft=1024, n_mels=128, fmin=0, fmax=8000, norm="slaney")
    assert mel_filters().shape == (128, 513)
    np.testing.assert_allclose(mel_filters(), expected, rtol=1e-5, atol=1e-9)


def test_taper_periodic_hann() -> None:
    """0.5 - 0.5 cos(2 pi n / N) starts at 0, is 1 in the middle, and does not end at 0."""
    np.testing.assert_allclose(taper(), librosa.filters.get_window("hann", 1024, fftbins=True), atol=1e-7)
    assert taper()[0] == 0
    assert taper()[512] == 1
    assert taper()[-1] > 0


@pytest.mark.parametrize("name", _SYNTHETIC)
def test_image_synthetic_as_librosa(name: str) -> None:
    """Each cell is within one quantisation step of librosa."""
    samples = _SYNTHETIC[name]
    expected = librosa_image(samples)
    image = _FRONT_END.image(_FRONT_END.clip_levels(samples))[: len(expected)]
    assert np.abs(image - expected).max() <= 1


@pytest.mark.parametrize("corpus", ["emodb", "ravdess"])
def test_image_speech_as_librosa(corpora: Path, corpus: str) -> None:
    """The first 3 s of real speech are within one step of librosa, and on average within rounding."""
    for clip in clips(corpora, corpus, 12):
        expected = librosa_image(clip[: GEOMETRY.window])
        image = _FRONT_END.image(_FRONT_END.clip_levels(clip[: GEOMETRY.window]))[: len(expected)]
        difference = np.abs(image - expected)
        assert difference.max() <= 1
        assert difference.mean() < 0.3


def test_power_speech_as_python_speech_features(corpora: Path) -> None:
    """A second reference for framing, taper and spectrum; it divides power by the transform's length."""
    (clip,) = clips(corpora, "emodb", 1)
    frames = python_speech_features.sigproc.framesig(clip.astype(np.float64), 1024, 256, winfunc=lambda n: taper()[:n])
    expected = python_speech_features.sigproc.powspec(frames, 1024) * 1024
    power = _FRONT_END.power(clip)
    # It pads the last frame with zeros; the front end has only whole frames.
    assert len(expected) - len(power) in {0, 1}
    np.testing.assert_allclose(power, expected[: len(power)], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("n_samples", "n_frames"), [(0, 0), (1023, 0), (1024, 1), (1279, 1), (1280, 2), (16000, 59)])
def test_power_whole_frames_only(n_samples: int, n_frames: int) -> None:
    """A frame that lacks one sample is left out."""
    assert _FRONT_END.n_frames(n_samples) == n_frames
    assert _FRONT_END.power(np.zeros(n_samples, np.float32)).shape == (n_frames, 513)


@pytest.mark.parametrize(("n_samples", "n_frames"), [(0, 1), (255, 1), (256, 2), (47871, 187), (47872, 188)])
def test_clip_levels_centred_frames(n_samples: int, n_frames: int) -> None:
    """Frames are centred on samples 0, 256, 512 …: 2.992 s fill the window, one sample less does not."""
    assert _FRONT_END.clip_levels(np.zeros(n_samples, np.float32)).shape == (n_frames, 128)


def test_clip_levels_twice_the_samples() -> None:
    """A strided view of every other sample gives the same levels."""
    samples = noise(1.0)
    np.testing.assert_array_equal(_FRONT_END.power(np.repeat(samples, 2)[::2]), _FRONT_END.power(samples))


def test_levels_silence() -> None:
    """Digital silence is -100 dB (1e-10), not minus infinity."""
    np.testing.assert_allclose(_FRONT_END.clip_levels(np.zeros(16000, np.float32)), -100, atol=1e-4)


def test_image_silence_all_loudest() -> None:
    """In silence all cells are equally loud and therefore 255, as in librosa."""
    image = _FRONT_END.image(_FRONT_END.clip_levels(np.zeros(GEOMETRY.window, np.float32)))
    assert np.all(image == 255)


def test_image_full_scale() -> None:
    """A square wave at full scale stays in 0..255, with its loudest bands near the top."""
    square = np.sign(sine(440, 3.0)).astype(np.float32)
    image = _FRONT_END.image(_FRONT_END.clip_levels(square[: GEOMETRY.window]))
    assert image.dtype == np.uint8
    assert image.max() > 240


def test_image_gain_does_not_matter() -> None:
    """Levels are relative to the loudest: a tenth of the amplitude gives the same image except for rounding."""
    loud, quiet = (_FRONT_END.image(_FRONT_END.clip_levels(noise(2.992, gain))) for gain in (0.3, 0.03))
    assert np.abs(loud.astype(int) - quiet).max() <= 1


def test_image_short_clip_ends_in_silence() -> None:
    """Frames after the end of a short clip are 0."""
    image = _FRONT_END.image(_FRONT_END.clip_levels(noise(1.0)))
    assert image.shape == (188, 64)
    assert np.all(image[63:] == 0)
    assert np.all(image[:63] > 0)


def test_loudness_full_scale_sine() -> None:
    """A sine of amplitude 1 has an rms of -3.01 dBFS, over all bands and in the speech band."""
    loudness = loudness_of(sine(1000, 1.0))
    np.testing.assert_allclose(loudness, -3.0103, atol=0.01)


def test_loudness_outside_speech_band() -> None:
    """50 Hz hum is loud, but not in the speech band."""
    whole, speech = loudness_of(sine(50, 1.0)).T
    np.testing.assert_allclose(whole, -3.01, atol=0.1)
    assert speech.max() < -60


def test_loudness_silence() -> None:
    """Silence is -96 dBFS, never 0, which is full scale."""
    assert np.all(loudness_of(np.zeros(4096, np.float32)) == -96)


def test_int8_input_lossless() -> None:
    """0..255 maps to -128..127 one to one."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(int8_input(image), image.astype(int) - 128)
    assert int8_input(image).dtype == np.int8


def test_levels_of_image_are_what_it_was_made_of() -> None:
    """To half a step, from the floor to the loudest cell."""
    levels = np.linspace(-80, 0, 2 * 64, dtype=np.float32).reshape(2, 64)
    np.testing.assert_allclose(levels_of(int8_input(steps_of(levels))), levels, atol=GEOMETRY.quantum_db / 2 + 1e-4)
