"""The trunk that a device runs: against the encoder's own network, on every runtime, and its cost."""

import numpy as np
import pytest

from convert.encoder.package import ONNX
from convert.encoder.trunk import multiply_adds, parameters, trunk
from convert.encoder.weights import Dense, Layer, Norm, Weights, read_weights
from edged.features.logmel import Floats
from tests.parts.models.encoder_folder import encoder_folder
from tests.parts.models.trained import NEEDS

_WIDTH, _HIDDEN, _MELS = 12, 24, 80


@pytest.fixture(scope="module")
def weights() -> Weights:
    """A small encoder of random weights, two layers of six heads of 2."""
    rng = np.random.default_rng(0)

    def dense(*shape: int) -> Dense:
        scale = np.float32(np.prod(shape[:-1]) ** -0.5)
        return Dense(
            (rng.standard_normal(shape) * scale).astype(np.float32), rng.standard_normal(shape[-1]).astype(np.float32)
        )

    def norm() -> Norm:
        return Norm(rng.uniform(0.5, 2, _WIDTH).astype(np.float32), rng.standard_normal(_WIDTH).astype(np.float32))

    def layer() -> Layer:
        query, key, value, output = (dense(_WIDTH, _WIDTH) for _ in range(4))
        return Layer(
            attention_norm=norm(),
            query=query,
            key=key,
            value=value,
            output=output,
            feed_forward_norm=norm(),
            expand=dense(_WIDTH, _HIDDEN),
            contract=dense(_HIDDEN, _WIDTH),
        )

    return Weights(
        conv1=dense(3, _MELS, _WIDTH),
        conv2=dense(3, _WIDTH, _WIDTH),
        positions=rng.standard_normal((160, _WIDTH)).astype(np.float32),
        layers=(layer(), layer()),
    )


def run(content: bytes, runtime: str, given: Floats) -> Floats:
    """The output (150, n) of one window."""
    module = pytest.importorskip(f"{runtime}.interpreter")
    interpreter = module.Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], given[None])
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0], np.float32)


def test_trunk_gives_what_the_network_gives(weights: Weights) -> None:
    """Whole layers are those of the Keras network: cosine 0.999 each; weights in int8 are all the difference."""
    from convert.encoder.network import encoder  # noqa: PLC0415 -- TensorFlow takes seconds

    given = np.random.default_rng(1).standard_normal((300, _MELS)).astype(np.float32)
    expected = [np.asarray(one)[0] for one in encoder(weights, 300, 2)(given[None])]
    found = run(trunk(weights, (0, 2, 4)), "ai_edge_litert", given)
    assert found.shape == (150, 3 * _WIDTH)
    for number, layer in enumerate(expected):
        part = found[:, number * _WIDTH : (number + 1) * _WIDTH]
        assert np.vdot(part, layer) / np.linalg.norm(part) / np.linalg.norm(layer) > 0.999


def test_half_a_layer_is_its_attention_alone(weights: Weights) -> None:
    """Without the feed-forward half, whose weights it therefore need not have."""
    from dataclasses import replace  # noqa: PLC0415 -- here alone

    idle = replace(
        weights.layers[0], contract=Dense(np.zeros((_HIDDEN, _WIDTH), np.float32), np.zeros(_WIDTH, np.float32))
    )
    given = np.random.default_rng(2).standard_normal((300, _MELS)).astype(np.float32)
    half = run(trunk(weights, (1,)), "ai_edge_litert", given)
    whole = run(trunk(replace(weights, layers=(idle, weights.layers[1])), (2,)), "ai_edge_litert", given)
    np.testing.assert_allclose(half, whole, atol=0.05)
    assert parameters(weights, (1,)) < parameters(weights, (2,))
    assert multiply_adds(weights, (1,)) < multiply_adds(weights, (2,))


def test_counts_are_those_of_the_weights(weights: Weights) -> None:
    """Of a whole layer: four projections, two norms, two products of the feed-forward half."""
    convolutions = 3 * _MELS * _WIDTH + 3 * _WIDTH * _WIDTH + 2 * _WIDTH
    layer = 4 * (_WIDTH + 1) * _WIDTH + 4 * _WIDTH + 2 * _WIDTH * _HIDDEN + _HIDDEN + _WIDTH
    assert parameters(weights, (2,)) == 150 * _WIDTH + convolutions + layer
    products = 300 * 3 * _MELS * _WIDTH + 150 * 3 * _WIDTH * _WIDTH
    products += 150 * (4 * _WIDTH * _WIDTH + 2 * _WIDTH * _HIDDEN) + 2 * 150 * 150 * _WIDTH
    assert multiply_adds(weights, (2,)) == products


@NEEDS
def test_trunk_of_the_package() -> None:
    """The encoder itself: cosine 0.999 per layer against the ONNX graph's network."""
    from convert.encoder.network import encoder  # noqa: PLC0415 -- TensorFlow takes seconds

    weights = read_weights(encoder_folder() / ONNX)
    given = np.random.default_rng(3).normal(0, 0.5, (300, 80)).astype(np.float32)
    expected = [np.asarray(one)[0] for one in encoder(weights, 300, 2)(given[None])]
    found = run(trunk(weights, (2, 4)), "ai_edge_litert", given)
    for number, layer in enumerate(expected[1:]):
        part = found[:, number * 384 : (number + 1) * 384]
        assert np.vdot(part, layer) / np.linalg.norm(part) / np.linalg.norm(layer) > 0.999
