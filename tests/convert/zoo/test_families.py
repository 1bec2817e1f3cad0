"""Each family learns what is plain: tones of a pitch a label, on speakers who are not in training."""

from collections.abc import Sequence

import numpy as np
import pytest

from convert.corpora.clip import LABELS, Clip
from convert.zoo.catalogue import ENTRIES
from convert.zoo.features.store import Store
from convert.zoo.learning import trained_network
from convert.zoo.problems import named
from convert.zoo.recogniser import Recogniser, Task

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
        # 8 steps of two LSTMs of 50, 50 to 6
        ("LSTM on eight", 8 * 4 * 50 * (1 + 50) + 8 * 4 * 50 * 100 + 50 * 6),
    ],
)
def test_networks(
    name: str, multiply_adds: int, clips: Sequence[Clip], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An epoch changes the scores, which are probabilities; the network has the size that its source says."""
    monkeypatch.setattr(trained_network, "LONGEST", 1)
    recogniser, tested = fitted(name, clips, store)
    scores = recogniser.scores(tested)
    assert scores.shape == (len(tested), len(LABELS))
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-4)
    assert recogniser.multiply_adds == multiply_adds
