"""Networks on 32 numbers a window: a convolutional network, a Transformer, and a hybrid with an LSTM.

    (32,) ──as 32 steps──► conv, conv, dense | positions, attention | conv, LSTM ──► softmax (n_labels,)
    (8,) ──as one step──► LSTM, LSTM ──► softmax (n_labels,)

A founding document (see docs/zoo.md) trains them on CREMA-D with 20, 30 and 30 epochs.
"""

from typing import TYPE_CHECKING

from convert.zoo.features.eight import EIGHT
from convert.zoo.features.frames import FRAMES
from convert.zoo.features.store import Store
from convert.zoo.learning.trained_network import TrainedNetwork, Training
from convert.zoo.recogniser import Entry

if TYPE_CHECKING:
    import keras

_WIDTH = 64  # of the Transformer
_N_HEADS = 4


def convolutional(store: Store) -> TrainedNetwork:
    """conv 32, pool, conv 64, pool, dense 128."""
    return TrainedNetwork(store, FRAMES, _convolutional, Training(epochs=20))


def transformer(store: Store) -> TrainedNetwork:
    """Positional embedding, multi-head attention, feed-forward."""
    return TrainedNetwork(store, FRAMES, _transformer, Training(epochs=30))


def hybrid(store: Store) -> TrainedNetwork:
    """conv 32, pool, LSTM 64."""
    return TrainedNetwork(store, FRAMES, _hybrid, Training(epochs=30))


def lstm_on_eight(store: Store) -> TrainedNetwork:
    """Sahu's two LSTM layers of 50, on the eight features as one step, as the published code has them."""
    return TrainedNetwork(store, EIGHT, _two_lstms, Training(epochs=60, learning_rate=1e-2))


def _convolutional(shape: tuple[int, ...], n_labels: int) -> "keras.Model":
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    given = keras.Input(shape)
    x = keras.layers.Reshape((*shape, 1))(given)
    for n_filters in (32, 64):
        x = keras.layers.Conv1D(n_filters, 3, padding="same", activation="relu")(x)
        x = keras.layers.MaxPooling1D(2)(x)
    x = keras.layers.Dense(128, activation="relu")(keras.layers.Flatten()(x))
    return _classified(given, keras.layers.Dropout(0.3)(x), n_labels)


def _transformer(shape: tuple[int, ...], n_labels: int) -> "keras.Model":
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    given = keras.Input(shape)
    x = keras.layers.Dense(_WIDTH)(keras.layers.Reshape((*shape, 1))(given))
    positions = keras.layers.Embedding(shape[0], _WIDTH, name="positions")(keras.ops.arange(shape[0])[None])
    x += positions
    attended = keras.layers.MultiHeadAttention(_N_HEADS, _WIDTH // _N_HEADS)(x, x)
    x = keras.layers.LayerNormalization()(x + attended)
    fed = keras.layers.Dense(_WIDTH)(keras.layers.Dense(2 * _WIDTH, activation="relu")(x))
    x = keras.layers.LayerNormalization()(x + fed)
    x = keras.layers.GlobalAveragePooling1D()(x)
    return _classified(given, keras.layers.Dropout(0.3)(x), n_labels)


def _hybrid(shape: tuple[int, ...], n_labels: int) -> "keras.Model":
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    given = keras.Input(shape)
    x = keras.layers.Reshape((*shape, 1))(given)
    x = keras.layers.MaxPooling1D(2)(keras.layers.Conv1D(32, 3, padding="same", activation="relu")(x))
    x = keras.layers.LSTM(64)(x)
    return _classified(given, keras.layers.Dropout(0.3)(x), n_labels)


def _two_lstms(shape: tuple[int, ...], n_labels: int) -> "keras.Model":
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    given = keras.Input(shape)
    x = keras.layers.LSTM(50, return_sequences=True)(keras.layers.Reshape((1, *shape))(given))
    return _classified(given, keras.layers.LSTM(50)(keras.layers.Dropout(0.2)(x)), n_labels)


def _classified(given: "keras.KerasTensor", x: "keras.KerasTensor", n_labels: int) -> "keras.Model":
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    return keras.Model(given, keras.layers.Dense(n_labels, activation="softmax")(x))


_DOCUMENT = "founding document, on CREMA-D"
ENTRIES = [
    Entry(
        name="LSTM on eight",
        family="hand-crafted features",
        what="8 hand-crafted features as one step; LSTM 50, LSTM 50",
        source="Sahu 2019, arXiv 1904.06022: 0.436 on IEMOCAP's sound",
        needs=frozenset({"sound"}),
        make=lstm_on_eight,
    ),
    Entry(
        name="1-D CNN",
        family="networks on frames",
        what="13 MFCC, 12 chroma, 7 contrast of 3 s; conv 32, pool, conv 64, pool, dense 128",
        source=f"{_DOCUMENT}: 0.43",
        needs=frozenset({"log-mel"}),
        make=convolutional,
    ),
    Entry(
        name="Transformer",
        family="networks on frames",
        what="the same 32 numbers; positional embedding, 4 heads, 64 wide",
        source=f"{_DOCUMENT}: 0.51",
        needs=frozenset({"log-mel"}),
        make=transformer,
    ),
    Entry(
        name="CNN+LSTM",
        family="networks on frames",
        what="the same 32 numbers; conv 32, pool, LSTM 64",
        source=f"{_DOCUMENT}: 0.43",
        needs=frozenset({"log-mel"}),
        make=hybrid,
    ),
]
