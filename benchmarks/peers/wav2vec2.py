"""wav2vec2-base with random weights, built as ONNX and run by onnxruntime: what a large speech encoder costs a window.

    samples (1, n) ──7 convolutions of 512──► (1, 149, 512) ──► 12 transformer layers of 768 ──► (1, 149, 768)

The architecture is that of Baevski et al. 2020 (arXiv 2006.11477), as `transformers` builds it of `Wav2Vec2Config()`:
94,371,712 parameters, of which 896 serve training only (a mask embedding, the norms of a weight).  Weights do not
change the cost.  torch is not needed, whose wheels on PyPI hold a GPU's libraries: onnxruntime fuses what it can, and
so is a fast way to run this network on a processor.
"""

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from edged.features.logmel import Floats

_CONVOLUTIONS = ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))  # kernel and stride
_CHANNELS, _WIDTH, _INNER, _HEADS, _LAYERS = 512, 768, 3072, 12, 12
_POSITION_KERNEL, _POSITION_GROUPS = 128, 16


class _Graph:
    """Nodes and random weights, collected in order."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self._random = np.random.default_rng(1)

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 -- an operator's own
        """Adds a node with one output, and returns that output's name."""
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def weight(self, *shape: int, value: float | None = None) -> str:
        """Adds a weight, random unless it has a ``value``."""
        content = self._random.random(shape, np.float32) * 0.1 - 0.05 if value is None else np.full(shape, value)
        return self.constant(content.astype(np.float32))

    def constant(self, content: Any) -> str:  # noqa: ANN401 -- an array
        """Adds a constant."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(content), name))
        return name

    def dense(self, x: str, width: int, outputs: int) -> str:
        """A linear layer with bias."""
        return self.node("Add", self.node("MatMul", x, self.weight(width, outputs)), self.weight(outputs))

    def normed(self, x: str, width: int) -> str:
        """Layer normalisation over the last axis."""
        return self.node("LayerNormalization", x, self.weight(width, value=1), self.weight(width, value=0), axis=-1)


def wav2vec2_base(n_samples: int) -> tuple[onnxruntime.InferenceSession, int]:
    """The network for ``n_samples`` samples on one thread, and the number of its parameters."""
    graph = _Graph()
    x = _layers(graph, _positions(graph, _extracted(graph)))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "wav2vec2-base",
            [helper.make_tensor_value_info("samples", TensorProto.FLOAT, [1, 1, n_samples])],
            [helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, None, _WIDTH])],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=9,
    )
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    weights = [weight for weight in graph.weights if weight.data_type == TensorProto.FLOAT and weight.dims]
    n_parameters = sum(int(np.prod(weight.dims)) for weight in weights)
    return session, n_parameters


def features(session: onnxruntime.InferenceSession, samples: Floats) -> Floats:
    """(1, k, 768) its output for ``samples`` (n,)."""
    return np.asarray(session.run(None, {"samples": samples[None, None]})[0], np.float32)


def _extracted(graph: _Graph) -> str:
    """(1, k, 768) of the samples: convolutions, the first with a group norm for each channel, and the projection."""
    x, width = "samples", 1
    for index, (kernel, stride) in enumerate(_CONVOLUTIONS):
        x = graph.node("Conv", x, graph.weight(_CHANNELS, width, kernel), strides=[stride])
        if index == 0:  # as many groups as channels is an instance norm
            scale, shift = graph.weight(_CHANNELS, value=1), graph.weight(_CHANNELS, value=0)
            x = graph.node("InstanceNormalization", x, scale, shift)
        x, width = graph.node("Gelu", x), _CHANNELS
    x = graph.normed(graph.node("Transpose", x, perm=[0, 2, 1]), _CHANNELS)
    return graph.dense(x, _CHANNELS, _WIDTH)


def _positions(graph: _Graph, x: str) -> str:
    """Adds the convolutional position embedding, and normalises."""
    kernel = graph.weight(_WIDTH, _WIDTH // _POSITION_GROUPS, _POSITION_KERNEL)
    by_channel = graph.node("Transpose", x, perm=[0, 2, 1])
    # An even kernel: one position more at the end is cut off, as the padding here already does.
    half = _POSITION_KERNEL // 2
    embedded = graph.node(
        "Conv", by_channel, kernel, graph.weight(_WIDTH), group=_POSITION_GROUPS, pads=[half, half - 1]
    )
    return graph.normed(
        graph.node("Add", x, graph.node("Transpose", graph.node("Gelu", embedded), perm=[0, 2, 1])), _WIDTH
    )


def _layers(graph: _Graph, x: str) -> str:
    """The transformer, normalised after each half as in the base model."""
    split, merged = (
        graph.constant(np.array(shape, np.int64)) for shape in ((1, -1, _HEADS, _WIDTH // _HEADS), (1, -1, _WIDTH))
    )
    scale = graph.constant(np.float32((_WIDTH // _HEADS) ** -0.5))
    for _ in range(_LAYERS):
        query, key, value = (
            graph.node("Transpose", graph.node("Reshape", graph.dense(x, _WIDTH, _WIDTH), split), perm=order)
            for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
        )
        shares = graph.node("Softmax", graph.node("Mul", graph.node("MatMul", query, key), scale), axis=-1)
        mixed = graph.node("Transpose", graph.node("MatMul", shares, value), perm=[0, 2, 1, 3])
        attended = graph.dense(graph.node("Reshape", mixed, merged), _WIDTH, _WIDTH)
        x = graph.normed(graph.node("Add", x, attended), _WIDTH)
        inner = graph.node("Gelu", graph.dense(x, _WIDTH, _INNER))
        x = graph.normed(graph.node("Add", x, graph.dense(inner, _INNER, _WIDTH)), _WIDTH)
    return x
