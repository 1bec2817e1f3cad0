"""The voice encoder in numpy: its front end is librosa's, its network the textbook's LSTM."""

from pathlib import Path

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray

from edged.calls.voices.encoder import GEOMETRY, N_FRAMES, N_LAYERS, N_UNITS, WEIGHTS, VoiceEncoder, gain
from edged.errors import ModelError

ENCODER = VoiceEncoder()
Doubles = NDArray[np.float64]


def test_frames_are_mel_power() -> None:
    """25 ms every 10 ms, 40 bands, no logarithm: what the encoder was trained on."""
    sound = np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32)
    expected = librosa.feature.melspectrogram(
        y=sound, sr=16_000, n_fft=400, hop_length=160, n_mels=40, pad_mode="constant"
    ).T
    frames = ENCODER.frames(np.pad(sound, GEOMETRY.n_fft // 2))
    np.testing.assert_allclose(frames, expected[: len(frames)], rtol=1e-3, atol=1e-6)


def test_network_is_the_textbooks() -> None:
    """Three layers with sigmoid and tanh as they are written in books, then linear, ReLU and length 1."""
    windows = np.random.default_rng(2).exponential(0.02, (2, N_FRAMES, 40)).astype(np.float32)
    with np.load(WEIGHTS) as arrays:
        weights = {name: arrays[name].astype(np.float64) for name in arrays.files}
    states: Doubles = windows.astype(np.float64)
    for layer in range(N_LAYERS):
        states = _layer(states, weights, layer)
    embeddings = np.maximum(states[:, -1] @ weights["linear"].T + weights["linear_bias"], 0)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    plain = ENCODER.without_directions().embeddings(windows)
    np.testing.assert_allclose(plain, embeddings, atol=2e-4)
    assert np.linalg.norm(plain, axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_directions_are_taken_out() -> None:
    """What varies in one voice has no part in an embedding; the directions are orthonormal."""
    windows = np.random.default_rng(3).exponential(0.02, (3, N_FRAMES, 40)).astype(np.float32)
    with np.load(WEIGHTS) as arrays:
        varying = arrays["varying"].astype(np.float32)
    np.testing.assert_allclose(varying @ varying.T, np.eye(len(varying)), atol=2e-3)
    assert np.abs(ENCODER.embeddings(windows) @ varying.T).max() < 2e-3


def test_gain_brings_any_level_to_that_of_training() -> None:
    """Sound at -30 dBFS is left as it is, 10 dB more is divided by 10 in power."""
    assert gain(10 ** (-30 / 20)) == pytest.approx(1)
    assert gain(10 ** (-20 / 20)) == pytest.approx(0.1)


def test_another_file(tmp_path: Path) -> None:
    """It is named, with what was expected."""
    for content in (b"no archive", b""):
        file = tmp_path / "voices.npz"
        file.write_bytes(content)
        with pytest.raises(ModelError, match=r"voices.npz: .*, expected the weights of the voice encoder"):
            VoiceEncoder(file)
    with pytest.raises(ModelError, match="No such file"):
        VoiceEncoder(tmp_path / "absent.npz")


def _layer(x: Doubles, weights: dict[str, Doubles], number: int) -> Doubles:
    hidden = np.zeros((len(x), N_UNITS))
    cell = np.zeros_like(hidden)
    found = []
    for step in range(x.shape[1]):
        z = (
            x[:, step] @ weights[f"input_{number}"].T
            + hidden @ weights[f"state_{number}"].T
            + weights[f"bias_{number}"]
        )
        enter, forget, new, leave = np.split(z, 4, axis=1)
        cell = _sigmoid(forget) * cell + _sigmoid(enter) * np.tanh(new)
        hidden = _sigmoid(leave) * np.tanh(cell)
        found.append(hidden)
    return np.stack(found, axis=1)


def _sigmoid(x: Doubles) -> Doubles:
    return np.asarray(1 / (1 + np.exp(-x)))
