"""The trunk in training pools as the device does, and a quantized model's convolutions start one."""

from pathlib import Path

import keras
import numpy as np
import pytest

from convert.recipes.spec import NetworkSpec
from convert.score.clip_scores import dequantised
from convert.train.networks import network, scoring
from convert.train.quantize import full_integer
from convert.train.trunk.export import int8_trunk
from convert.train.trunk.network import activity, pooled, trunk
from convert.train.trunk.start import folded_convolutions, started, with_answers
from edged.errors import UsageError
from edged.features import pooling
from edged.features.geometry import GEOMETRY
from edged.features.logmel import int8_input
from edged.models.interpreter import Network, installed_runtimes

RNG = np.random.default_rng(4)
ACTIVE_DB = 45.0


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    """Networks start alike in every run: some draws give outputs so small that int8 misses them by a fifth."""
    keras.utils.set_random_seed(0)


def images(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Windows that are loud in the middle and soft around it."""
    made = RNG.integers(0, 60, (n, GEOMETRY.n_frames, GEOMETRY.n_bands)).astype(np.uint8)
    made[:, 60:130] += 150
    return made


def test_pooling_is_the_device_s() -> None:
    """Activity, mean and spread in TensorFlow equal those of ``edged.features.pooling``."""
    windows = images(4)
    outputs = RNG.uniform(0, 6, (4, 24, 10)).astype(np.float32)
    active = activity(dequantised(windows), 24, ACTIVE_DB)
    found = pooled(outputs, active).numpy()
    for window, output, row, of_row in zip(windows, outputs, found, active.numpy(), strict=True):
        levels = window.astype(np.float32) * np.float32(GEOMETRY.quantum_db) - np.float32(GEOMETRY.top_db)
        expected = pooling.active_positions(levels, 24, ACTIVE_DB)
        assert np.array_equal(of_row > 0, expected)
        assert 5 <= expected.sum() < 24
        assert row == pytest.approx(pooling.pooled(output, expected), abs=1e-5)


def test_all_positions_count_without_speech() -> None:
    """Where fewer than five positions are active, all are pooled."""
    window = np.zeros((1, GEOMETRY.n_frames, GEOMETRY.n_bands), np.uint8)
    window[:, 10] = 255
    assert activity(dequantised(window), 24, ACTIVE_DB).numpy().sum() == 24


def test_file_computes_what_the_towers_do() -> None:
    """The int8 file of two trunks has both outputs side by side, close to those of the float networks."""
    spec = NetworkSpec(stem=4, blocks=((8, 2, "plain"), (8, 2, "plain")), fold=8, temporal=(8,))
    towers = [trunk(spec), trunk(spec)]
    windows = images(8)
    expected = np.concatenate([np.asarray(tower(dequantised(windows))) for tower in towers], axis=-1)
    given = dequantised(windows)
    given[0, 0, :2, 0] = 0, 1
    content = int8_trunk(towers, given)
    network = Network("trunk.tflite", content, n_threads=1, runtime=installed_runtimes()[0])
    shape = (1, GEOMETRY.n_frames, GEOMETRY.n_bands, 1)
    assert (network.input.shape, network.input.dtype) == (shape, "int8")
    found = np.array([network.output.real(network.run(image.reshape(shape))) for image in int8_input(windows)])
    found = found.reshape(expected.shape)
    assert np.abs(found - expected).max() < 0.05 * expected.max()


def small_model(folder: Path) -> Path:
    """A quantized trunk of one tower, as a file to start from."""
    spec = NetworkSpec(stem=4, blocks=((8, 2, "plain"), (8, 2, "plain")), fold=8, temporal=(8,))
    given = dequantised(images(8))
    given[0, 0, :2, 0] = 0, 1
    file = folder / "m1.tflite"
    file.write_bytes(int8_trunk([trunk(spec)], given))
    return file


def test_start_computes_what_the_file_does(tmp_path: Path) -> None:
    """A trunk started from an int8 file has its outputs, and normalizations that training can continue with."""
    file = small_model(tmp_path)
    spec = NetworkSpec(stem=4, blocks=((8, 2, "plain"), (8, 2, "plain")), fold=8, temporal=(8,))
    windows = images(6)
    network = Network("m1.tflite", file.read_bytes(), n_threads=1, runtime=installed_runtimes()[0])
    shape = (1, GEOMETRY.n_frames, GEOMETRY.n_bands, 1)
    expected = np.array([network.output.real(network.run(image.reshape(shape))) for image in int8_input(windows)])
    found = np.asarray(started(spec, file, dequantised(images(16)))(dequantised(windows)))
    assert np.abs(found - expected.reshape(found.shape)).max() < 0.05 * found.max()


def test_answers_stand_beside_the_positions(tmp_path: Path) -> None:
    """The model's own flattened logits at each position, so that their mean is what the model says."""
    spec = NetworkSpec(stem=4, blocks=((8, 2, "plain"), (8, 2, "plain")), fold=8, temporal=(8,))
    model = network(spec, 6)
    windows = images(8)
    given = dequantised(windows)
    given[0, 0, :2, 0] = 0, 1
    scores = scoring(model)
    file = tmp_path / "m1.tflite"
    file.write_bytes(full_integer(scores, given))
    whole = Network("m1.tflite", file.read_bytes(), n_threads=1, runtime=installed_runtimes()[0])
    both = with_answers(started(spec, file, given), file)
    outputs = np.asarray(both(dequantised(windows)))
    assert outputs.shape == (8, 24, 8 + 6)
    assert np.ptp(outputs[:, :, 8:], axis=1).max() < 1e-5
    shape = (1, GEOMETRY.n_frames, GEOMETRY.n_bands, 1)
    for image, answers in zip(int8_input(windows), outputs[:, 0, 8:], strict=True):
        expected = np.array(whole.output.real(np.array(whole.run(image.reshape(shape)))))
        found = np.exp(answers) / np.exp(answers).sum()
        np.testing.assert_allclose(found, expected, atol=0.02)


def test_start_refuses_another_network(tmp_path: Path) -> None:
    """Convolutions of other shapes, and what is no model, are refused."""
    with pytest.raises(UsageError, match="expected those of the recipe's network"):
        started(NetworkSpec(), small_model(tmp_path), dequantised(images(2)))
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"no model")
    with pytest.raises(UsageError, match=r"broken.tflite: .*expected a quantized model"):
        folded_convolutions(broken)
