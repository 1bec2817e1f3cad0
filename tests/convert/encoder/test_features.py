"""The encoder's input: against Whisper's own equations, its edges, and stored log-mel against sound."""

import lzma
from pathlib import Path

import numpy as np
import pytest
import soundfile

from convert import corpora as readers
from convert.encoder.features import from_stored, log_mel
from edged.features.logmel import Floats, FrontEnd
from edged.features.whisper import TOP_LOG10, encoder_input


@pytest.fixture(scope="module")
def speech() -> Floats:
    """Three seconds of the sample conversation."""
    from edged.demo.sample import SAMPLE  # noqa: PLC0415 -- synthetic speech, needed here alone

    samples, _ = soundfile.read(SAMPLE, dtype="float32", frames=48_000, start=16_000)
    return np.asarray(samples, np.float32)


def test_log_mel_is_whispers(speech: Floats) -> None:
    """log10 of the power in 80 Slaney bands, frames of 400 samples each 160, as librosa computes them."""
    librosa = pytest.importorskip("librosa")
    power = librosa.feature.melspectrogram(
        y=speech, sr=16_000, n_fft=400, hop_length=160, n_mels=80, pad_mode="constant"
    )
    expected = 10 * np.log10(np.maximum(power, 1e-10)).T
    found = log_mel(speech)
    assert found.shape == expected.shape == (301, 80)
    np.testing.assert_allclose(found, expected, atol=1e-2)


def test_input_does_not_depend_on_the_level(speech: Floats) -> None:
    """Twenty dB less say the same; the loudest cell is Whisper's usual one."""
    loud, soft = encoder_input(log_mel(speech)), encoder_input(log_mel(speech / 10))
    np.testing.assert_allclose(loud, soft, atol=1e-3)
    assert loud.max() == pytest.approx((TOP_LOG10 + 4) / 4)
    assert loud.min() >= (TOP_LOG10 - 8 + 4) / 4 - 1e-6


def test_input_of_silence_is_even() -> None:
    """Digital silence has no loudest cell: all are."""
    found = encoder_input(log_mel(np.zeros(16_000, np.float32)))
    assert np.unique(found).tolist() == pytest.approx([(TOP_LOG10 + 4) / 4])


def audible_correlation(stored: Floats, sound: Floats) -> float:
    """Of the cells that are not silent in the sound; both (k, 80), of nearly one length."""
    n = min(len(stored), len(sound))
    assert abs(len(stored) - len(sound)) <= 2
    audible = sound[:n] > sound.min() + 0.2
    return float(np.corrcoef(stored[:n][audible], sound[:n][audible])[0, 1])


def test_stored_log_mel_gives_nearly_the_same(speech: Floats) -> None:
    """From the networks' log-mel of the same sound; its longer frames smear what is synthetic more than real speech."""
    levels = FrontEnd().clip_levels(speech)
    stored = levels.reshape(len(levels), 64, 2).mean(axis=2)
    assert audible_correlation(encoder_input(from_stored(stored)), encoder_input(log_mel(speech))) > 0.9


def test_stored_clips_of_the_corpus(corpora: Path) -> None:
    """CREMA-D's clips that are there as sound and as log-mel: each correlates by 0.95 or more with itself."""
    real = sorted((corpora / "cremad" / "real").glob("*.flac"))
    if not real:
        pytest.skip("needs the CREMA-D clips that are there as sound")
    clips = {clip.id: clip for clip in readers.read(corpora / "cremad")}
    with lzma.open(corpora / "cremad" / "logmel_u8.npy.xz") as packed:
        whole = np.load(packed)
    for file in real[:20]:
        place = clips[file.stem].stored
        assert place is not None
        stored = whole[place.start : place.start + place.n_frames].astype(np.float32) / 255 * 80 - 80
        samples, _ = soundfile.read(file, dtype="float32", frames=48_000)
        assert audible_correlation(encoder_input(from_stored(stored)), encoder_input(log_mel(samples))) > 0.95
