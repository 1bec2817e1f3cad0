"""Each family learns what is plain: tones of a pitch a label, on speakers who are not in training."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convert.corpora.clip import LABELS, Clip
from convert.zoo.catalogue import ENTRIES
from convert.zoo.families import on_frames
from convert.zoo.features.eight import EIGHT
from convert.zoo.features.frames import FRAMES
from convert.zoo.features.store import Store
from convert.zoo.learning import trained_network
from convert.zoo.learning.classical import KINDS
from convert.zoo.learning.trained_network import BestEpoch, TrainedNetwork
from convert.zoo.problems import named
from convert.zoo.recogniser import Recogniser, Task
from edged.features.logmel import Floats

TASK = Task(LABELS, 1)


def fitted(name: str, clips: Sequence[Clip], store: Store) -> tuple[Recogniser, Sequence[Clip]]:
    """The entry ``name``, fitted on a fold, and the fold's test clips."""
    make = ENTRIES[name].make
    assert make is not None
    recogniser = make(store)
    sides = named("emodb").sides(clips, 0)
    recogniser.fit(TASK, sides["train"], sides["validation"])
    return recogniser, sides["test"]


@pytest.mark.parametrize(
    "name", ["RF on eight", "XGB on eight", "SVM on egemaps", "MNB on egemaps", "LR on eight", "MLP on eight"]
)
def test_classical(name: str, clips: Sequence[Clip], store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores are probabilities in the labels' order, and right more often than chance."""
    monkeypatch.setattr("convert.zoo.learning.classical.N_TREES", 20)
    recogniser, tested = fitted(name, clips, store)
    scores = recogniser.scores(tested)
    assert scores.shape == (len(tested), len(LABELS))
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-4)
    assert np.mean(scores.argmax(axis=1) == TASK.truth(tested)) > 2 / len(LABELS)
    assert recogniser.multiply_adds > 0


def test_classical_without_one_label(clips: Sequence[Clip], store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A label that is absent from training has the score 0, and the others keep their places."""
    monkeypatch.setattr("convert.zoo.learning.classical.N_TREES", 20)
    recogniser, tested = fitted("XGB on eight", [clip for clip in clips if clip.label != "disgust"], store)
    scores = recogniser.scores(tested)
    assert (scores[:, LABELS.index("disgust")] == 0).all()
    assert np.mean(scores.argmax(axis=1) == TASK.truth(tested)) > 2 / len(LABELS)


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("RF", {"n_estimators": 1200, "min_samples_split": 25}),
        ("XGB", {"max_depth": 7, "learning_rate": 0.008, "n_estimators": 1200}),
        ("MLP", {"hidden_layer_sizes": (650,)}),
    ],
)
def test_classifiers_have_their_published_parameters(name: str, published: dict[str, object]) -> None:
    """Of the eight features; on long vectors, which words make, the perceptron has 500 units."""
    found = KINDS[name].make(TASK, 8).get_params()
    assert {key: found[key] for key in published} == published
    assert KINDS["MLP"].make(TASK, 2472).get_params()["hidden_layer_sizes"] == (500,)


def test_validation_speakers_teach_a_classifier_nothing(clips: Sequence[Clip], store: Store) -> None:
    """Scales and oversampling are of the training side: the scores are the same without the validation side."""
    sides, make = named("emodb").sides(clips, 0), ENTRIES["LR on eight"].make
    assert make is not None
    uneven = [clip for clip in sides["train"] if clip.label != "sad" or clip.id.endswith("_1")]
    found = []
    for validation in (sides["validation"], []):
        recogniser = make(store)
        recogniser.fit(TASK, uneven, validation)
        found.append(recogniser.scores(sides["test"]))
    np.testing.assert_array_equal(found[0], found[1])


def test_networks_are_trained_as_long_as_published(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """20, 30 and 30 epochs."""
    monkeypatch.setattr(on_frames, "TrainedNetwork", lambda _store, _kind, _make, training: training)
    made = (on_frames.convolutional(store), on_frames.transformer(store), on_frames.hybrid(store))
    assert [training.epochs for training in made] == [20, 30, 30]  # type: ignore[attr-defined] # see above


def test_epoch_is_the_best_on_validation_speakers(clips: Sequence[Clip]) -> None:
    """Of three epochs, of which the second is right most often, its weights are kept."""
    epochs = [[0, 1, 1, 1], [0, 1, 2, 1], [0, 0, 0, 0]]
    some = [next(clip for clip in clips if clip.label == LABELS[number]) for number in range(4)]

    class Changing:
        """Predicts what an epoch of it does; its weights are the number of the epoch."""

        def __init__(self) -> None:
            self.epoch = 0
            self.network: Any = SimpleNamespace(get_weights=lambda: [np.array(self.epoch)])

        def scores(self, _clips: Sequence[Clip]) -> Floats:
            return np.eye(len(LABELS), dtype=np.float32)[epochs[self.epoch]]

    changing = Changing()
    best = BestEpoch(changing, some, TASK)
    for changing.epoch in range(len(epochs)):
        best.look(changing.epoch, None)
    assert best.weights == [1]


@pytest.mark.filterwarnings("ignore:Even though the `tf.config")  # tf.data's functions stay traced
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("name", "multiply_adds"),
    [
        # conv 32 k3 over 32 steps, conv 64 k3 over 16, dense 8 x 64 to 128, 128 to 6
        ("1-D CNN", 32 * 3 * 32 + 16 * 3 * 32 * 64 + 512 * 128 + 128 * 6),
        # conv, 16 steps of an LSTM of 64, 64 to 6
        ("CNN+LSTM", 32 * 3 * 32 + 16 * 4 * 64 * (32 + 64) + 64 * 6),
        # the lift, four projections, two products, two dense layers, 64 to 6
        ("Transformer", 32 * 64 + 4 * 32 * 64 * 64 + 2 * 32 * 32 * 64 + 2 * 32 * 64 * 128 + 64 * 6),
        # one step of two LSTMs of 50, 50 to 6
        ("LSTM on eight", 4 * 50 * (8 + 50) + 4 * 50 * (50 + 50) + 50 * 6),
    ],
)
def test_networks(
    name: str, multiply_adds: int, clips: Sequence[Clip], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an epoch scores are probabilities; inputs are scaled by the training side, and the size is the source's."""
    monkeypatch.setattr(trained_network, "LONGEST", 1)
    recogniser, tested = fitted(name, clips, store)
    scores = recogniser.scores(tested)
    assert scores.shape == (len(tested), len(LABELS))
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-4)
    assert recogniser.multiply_adds == multiply_adds
    assert isinstance(recogniser, TrainedNetwork)
    kind = EIGHT if name == "LSTM on eight" else FRAMES
    trained_on = store.matrix(kind, named("emodb").sides(clips, 0)["train"])
    np.testing.assert_array_equal(recogniser.mean, trained_on.mean(axis=0))
