"""The published weights of the voice encoder to the file that ``edged.calls.voices.encoder`` reads.

float32 of PyTorch ──biases of each layer added up──► float16 ──► voices.npz
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data.atomic_file import atomic
from convert.voices.torch_file import tensors
from edged.calls.voices.encoder import N_LAYERS, N_UNITS
from edged.errors import UsageError

Arrays = dict[str, NDArray[Any]]


def published(file: Path) -> Mapping[str, NDArray[Any]]:
    """The float weights by PyTorch's names.

    Raises:
        UsageError: the file is another one.
    """
    found = tensors(file, "model_state")
    wanted = {f"lstm.{kind}_l{number}" for number in range(N_LAYERS) for kind in ("weight_ih", "weight_hh", "bias_ih")}
    missing = sorted((wanted | {"linear.weight", "linear.bias"}) - set(found))
    if missing:
        raise UsageError(f"{file}: no {missing[0]}, expected the weights of an encoder of voices")
    if found["linear.weight"].shape != (N_UNITS, N_UNITS):
        raise UsageError(f"{file}: linear.weight has shape {found['linear.weight'].shape}, expected {(N_UNITS,) * 2}")
    return found


def stored(weights: Mapping[str, NDArray[Any]]) -> Arrays:
    """The arrays of the file, with no directions to take out of an embedding yet."""
    arrays: Arrays = {"varying": np.zeros((0, N_UNITS))}
    for number in range(N_LAYERS):
        arrays[f"input_{number}"] = weights[f"lstm.weight_ih_l{number}"]
        arrays[f"state_{number}"] = weights[f"lstm.weight_hh_l{number}"]
        arrays[f"bias_{number}"] = weights[f"lstm.bias_ih_l{number}"] + weights[f"lstm.bias_hh_l{number}"]
    arrays["linear"], arrays["linear_bias"] = weights["linear.weight"], weights["linear.bias"]
    return {name: array.astype(np.float16) for name, array in arrays.items()}


def write(arrays: Arrays, file: Path) -> Path:
    """Writes ``file`` in one piece; the same arrays give the same bytes.  Returns ``file``."""
    with atomic(file) as made:
        np.savez_compressed(made, **arrays)
    return file
