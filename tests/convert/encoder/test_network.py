"""The encoder as our network: layer by layer the same as its ONNX graph on onnxruntime."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from convert.encoder.features import log_mel
from convert.encoder.package import ONNX
from convert.encoder.weights import read_weights
from convert.score.isolated import apart
from edged.errors import UsageError
from edged.features.whisper import encoder_input
from tests.parts.models.encoder_folder import encoder_folder
from tests.parts.models.with_tensorflow import with_tensorflow

_OUTPUTS = ("add_20", "add_146", "add_268")  # of the graph: after the convolutions, the first layer, the second
pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("tensorflow", "onnx", "onnxruntime")),
    reason="needs the extras convert and dev: pip install -e '.[convert,dev]'",
)


@pytest.fixture(scope="module")
def onnx_file() -> Path:
    """The encoder's file."""
    return encoder_folder() / ONNX


def ours(file: Path, given: NDArray[np.float32], n_layers: int) -> list[NDArray[np.float32]]:
    """The outputs of our network for (1, n_frames, 80)."""
    from convert.encoder.network import encoder  # noqa: PLC0415 - only in a process with TensorFlow

    return [np.asarray(output) for output in encoder(read_weights(file), given.shape[1], n_layers)(given)]


def references(file: Path, given: NDArray[np.float32]) -> list[list[NDArray[np.float32]]]:
    """The same of the graph itself, exact, and with its activations rounded to int8 as it comes."""
    return [reference(file, given, rounded=rounded) for rounded in (False, True)]


def reference(file: Path, given: NDArray[np.float32], *, rounded: bool) -> list[NDArray[np.float32]]:
    """One of them."""
    import onnx  # noqa: PLC0415 - only in a process of its own
    import onnxruntime  # noqa: PLC0415 - only in a process of its own

    model = onnx.load(str(file))
    graph = model.graph
    if not rounded:
        constants = {tensor.name for tensor in graph.initializer}
        source = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "QuantizeLinear"}
        exact = {
            node.output[0]: source[node.input[0]]
            for node in graph.node
            if node.op_type == "DequantizeLinear" and node.input[0] not in constants
        }
        for node in graph.node:
            for place, name in enumerate(node.input):
                node.input[place] = exact.get(name, name)
    for name in _OUTPUTS:
        graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return [np.asarray(one) for one in session.run(list(_OUTPUTS), {"input_features": given.transpose(0, 2, 1)})]


def cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Of the angle between two arrays of one size."""
    return float(np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


@pytest.fixture(scope="module")
def given() -> NDArray[np.float32]:
    """(1, 800, 80) eight seconds of the sample conversation."""
    from edged.demo.sample import SAMPLE  # noqa: PLC0415 -- synthetic speech, needed here alone

    samples, _ = soundfile.read(SAMPLE, dtype="float32", frames=128_000, start=16_000)
    return encoder_input(log_mel(np.asarray(samples, np.float32)))[None, :800]


def test_layers_equal_the_graph(onnx_file: Path, given: NDArray[np.float32]) -> None:
    """With exact activations every layer agrees to rounding; as the graph rounds them, to its own noise."""
    found = with_tensorflow(ours, onnx_file, given, 2)
    for mine, exact, rounded in zip(found, *apart(references, onnx_file, given), strict=True):
        assert mine.shape == exact.shape == (1, 400, 384)
        assert cosine(mine, exact) > 0.9999
        assert cosine(mine, rounded) > 0.98


def test_shorter_window_takes_the_last_positions(onnx_file: Path, given: NDArray[np.float32]) -> None:
    """Except at the edge, three seconds alone give the same convolution outputs as the end of eight seconds."""
    (short, *_), (whole, *_) = (
        with_tensorflow(ours, onnx_file, given[:, -300:], 1),
        with_tensorflow(ours, onnx_file, given, 1),
    )
    assert short.shape == (1, 150, 384)
    np.testing.assert_allclose(short[:, 2:], whole[:, -148:], atol=1e-4)


def test_weights_of_another_graph(tmp_path: Path) -> None:
    """A file that is no such graph is refused with its name."""
    file = tmp_path / "other.onnx"
    file.write_bytes(b"no graph")
    with pytest.raises(UsageError, match=r"other.onnx: .*, expected the encoder"):
        read_weights(file)
