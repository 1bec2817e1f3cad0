"""The encoder's ONNX graph to float32 arrays by their names in Whisper.

    smart-turn-v3.2-cpu.onnx ──DequantizeLinear of its constants──► Weights: two convolutions, positions, layers

Linear weights are anonymous constants in the graph.  Each is found from its bias, whose name the export kept: bias ◄
Add ◄ DequantizeLinear ◄ QuantizeLinear ◄ MatMul ► weight.  A key projection has no bias in Whisper; it is the third
product of the layer norm that queries and values come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edged.errors import UsageError, reason
from edged.features.logmel import Floats

_PREFIX = "inner.encoder"


@dataclass(frozen=True, slots=True)
class Dense:
    """y = x @ kernel + bias."""

    kernel: Floats  # (n_in, n_out)
    bias: Floats  # (n_out,)


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalization: scale and offset, both (width,)."""

    scale: Floats
    offset: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One pre-norm transformer layer."""

    attention_norm: Norm
    query: Dense
    key: Dense
    value: Dense
    output: Dense
    feed_forward_norm: Norm
    expand: Dense
    contract: Dense


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The encoder up to its last layer."""

    conv1: Dense  # kernel (3, n_mels, width)
    conv2: Dense  # kernel (3, width, width), stride 2
    positions: Floats  # (n_positions, width)
    layers: tuple[Layer, ...]


def read_weights(file: Path) -> Weights:
    """All weights of the encoder in ``file``.

    Raises:
        UsageError: it cannot be read, or is not this graph.
    """
    import onnx  # noqa: PLC0415 -- an extra of convert, wanted only here
    from google.protobuf.message import DecodeError  # noqa: PLC0415 -- what onnx raises

    try:
        graph = _Graph(onnx.load(str(file)).graph, onnx.numpy_helper.to_array)
        n_layers = sum(name.endswith(".fc1.bias") for name in graph.names)
        return Weights(
            conv1=_convolution(graph, "conv1"),
            conv2=_convolution(graph, "conv2"),
            positions=graph.constant(f"{_PREFIX}.embed_positions.weight"),
            layers=tuple(_layer(graph, index) for index in range(n_layers)),
        )
    except (OSError, KeyError, IndexError, ValueError, DecodeError) as exc:
        raise UsageError(f"{file}: {reason(exc)}, expected the encoder that convert/encoder/package.py names") from exc


class _Graph:
    """Constants by name, and which node makes and which takes each value."""

    def __init__(self, graph: Any, to_array: Any) -> None:  # noqa: ANN401 -- onnx ships no types
        self._raw = {tensor.name: to_array(tensor) for tensor in graph.initializer}
        self._maker = {output: node for node in graph.node for output in node.output}
        self._takers: dict[str, list[Any]] = {}
        for node in graph.node:
            for name in node.input:
                self._takers.setdefault(name, []).append(node)

    @property
    def names(self) -> Sequence[str]:
        """Of all values that a node makes or that are given."""
        return [*self._raw, *self._maker]

    def constant(self, name: str) -> Floats:
        """The array ``name``, dequantized where it is stored as int8."""
        if name in self._raw:
            return np.asarray(self._raw[name], np.float32)
        node = self._maker[name]
        stored, scale, zero = (self._raw[one] for one in node.input)
        if scale.size > 1:
            axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
            shape = [-1 if dimension == axis else 1 for dimension in range(stored.ndim)]
            scale, zero = scale.reshape(shape), zero.reshape(shape)
        return np.asarray((stored.astype(np.float32) - zero.astype(np.float32)) * scale, np.float32)

    def product_before(self, bias: str) -> Any:  # noqa: ANN401 -- an ONNX node
        """The MatMul whose result ``bias`` is added to."""
        (add,) = self._takers[bias]
        node = self._maker[next(name for name in add.input if name != bias)]
        while node.op_type != "MatMul":
            node = self._maker[node.input[0]]
        return node

    def products_of(self, value: str) -> list[Any]:
        """Every MatMul that takes ``value`` on its left, in the graph's order."""
        return [node for node in self._takers[value] if node.op_type == "MatMul"]


def _convolution(graph: _Graph, name: str) -> Dense:
    kernel = graph.constant(f"{_PREFIX}.{name}.weight_DequantizeLinear_Output")  # (n_out, n_in, 3)
    return Dense(np.ascontiguousarray(kernel.transpose(2, 1, 0)), graph.constant(f"{_PREFIX}.{name}.bias"))


def _layer(graph: _Graph, index: int) -> Layer:
    below = f"{_PREFIX}.layers.{index}."

    def dense(name: str) -> Dense:
        bias = f"{below}{name}.bias"
        return Dense(graph.constant(graph.product_before(bias).input[1]), graph.constant(bias))

    def norm(name: str) -> Norm:
        return Norm(graph.constant(f"{below}{name}.weight"), graph.constant(f"{below}{name}.bias"))

    query = graph.product_before(f"{below}self_attn.q_proj.bias")
    others = {query.output[0], graph.product_before(f"{below}self_attn.v_proj.bias").output[0]}
    (key,) = [node for node in graph.products_of(query.input[0]) if node.output[0] not in others]
    kernel = graph.constant(key.input[1])
    return Layer(
        attention_norm=norm("self_attn_layer_norm"),
        query=dense("self_attn.q_proj"),
        key=Dense(kernel, np.zeros(kernel.shape[1], np.float32)),
        value=dense("self_attn.v_proj"),
        output=dense("self_attn.out_proj"),
        feed_forward_norm=norm("final_layer_norm"),
        expand=dense("fc1"),
        contract=dense("fc2"),
    )
