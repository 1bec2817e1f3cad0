"""BERT's files to a network that scores sentences.

    token_ids, segment_ids, padding_mask (n, length) ──BERT──► (n, length, width) ──mean──► (n, width) ──► logits (n, 7)

keras-hub reads ``config.json`` and ``model.safetensors``.  Positions are averaged, as the package's authors pool them.
The table of word pieces stays as it is: half of all parameters, and Adam would touch each of them in every step.  The
lowest layers may stay as they are too, which saves a part of the backward pass.  Products are computed
in bfloat16 where the processor has it, in two thirds of the time.
"""

from pathlib import Path
from typing import Any

from edged.errors import UsageError

_DROPOUT = 0.1
INSTALL = "pip install -e '.[convert]' && pip install --no-deps keras-hub==0.32.0"


def network(folder: Path, n_labels: int, seed: int, frozen_layers: int = 0) -> Any:  # noqa: ANN401 - keras has no types
    """The untrained head on the pretrained BERT in ``folder``; word pieces and ``frozen_layers`` are not trained.

    Raises:
        UsageError: keras-hub is absent, or cannot read the files.
    """
    try:
        import keras  # noqa: PLC0415 - it takes seconds
        import keras_hub  # noqa: PLC0415 - as above
        import tensorflow as tf  # noqa: PLC0415 - as above
    except ImportError as exc:
        raise UsageError(f"{exc}; expected: {INSTALL}") from exc
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    keras.utils.set_random_seed(seed)
    try:
        backbone = keras_hub.models.BertBackbone.from_preset(str(folder))
    except ImportError as exc:  # it imports the readers of other networks, with what these need
        raise UsageError(f"{exc}; expected: {INSTALL}") from exc
    except (ValueError, KeyError, OSError, TypeError) as exc:
        raise UsageError(f"{folder}: {str(exc).splitlines()[0][:200]}, expected a BERT for keras-hub") from exc
    for name in ("token_embedding", *(f"transformer_layer_{number}" for number in range(frozen_layers))):
        backbone.get_layer(name).trainable = False
    mask = keras.ops.cast(backbone.input["padding_mask"], "float32")[..., None]
    positions = backbone.output["sequence_output"]
    pooled = keras.ops.sum(positions * mask, axis=1) / keras.ops.sum(mask, axis=1)
    dropped = keras.layers.Dropout(_DROPOUT, seed=seed)(pooled)
    model = keras.Model(backbone.input, keras.layers.Dense(n_labels, name="emotions")(dropped))
    model.jit_compile = False  # XLA compiles every length of a batch for half a minute
    return model
