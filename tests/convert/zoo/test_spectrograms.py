"""Networks on spectrograms: SimAM's equation, published sizes, further heads, augmented copies."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest

from convert.corpora.clip import LABELS, Clip
from convert.score import clip_scores
from convert.score.isolated import apart
from convert.train import quantize
from convert.zoo.families import large_cnns, multitask
from convert.zoo.features.spectrogram import SPECTROGRAM
from convert.zoo.features.store import Store
from convert.zoo.learning import heads, spectrograms
from convert.zoo.learning.operations import multiply_adds
from convert.zoo.learning.simam import LAMBDA, SimAM
from convert.zoo.learning.spectrograms import Design, SpectrogramNetwork, multitask_loss
from convert.zoo.problems import Sides, named
from convert.zoo.recogniser import Task

TASK = Task(LABELS, 1)


@pytest.fixture(scope="module")
def sides(clips: Sequence[Clip]) -> Sides:
    """A fold, its clips with a gender, and an intensity where it is not the first take."""
    described = [
        replace(
            clip, gender="female" if index % 3 else "male", intensity="strong" if clip.id.endswith("1") else "normal"
        )
        for index, clip in enumerate(clips)
    ]
    return named("emodb").sides(described, 0)


def tiny(n_labels: int, further: Sequence[str]) -> keras.Model:
    """A network of one convolution with every head."""
    given = keras.Input((188, 64, 1))
    x = keras.layers.Conv2D(4, 5, 4, activation="relu")(given)
    x = keras.layers.GlobalAveragePooling2D()(SimAM()(x))
    outputs = {"label": keras.layers.Dense(n_labels, name="label")(x)}
    return keras.Model(given, outputs | {head: keras.layers.Dense(1, name=head)(x) for head in further})


def test_simam_is_its_equation() -> None:
    """x * sigmoid((x - mean)^2 / (4 (var + lambda)) + 1/2), by clip and channel."""
    x = np.random.default_rng(0).normal(size=(2, 5, 3, 2)).astype(np.float32)
    distance = (x - x.mean(axis=(1, 2), keepdims=True)) ** 2
    energy = distance / (4 * (distance.mean(axis=(1, 2), keepdims=True) + LAMBDA)) + 0.5
    np.testing.assert_allclose(np.asarray(SimAM()(x)), x / (1 + np.exp(-energy)), rtol=1e-5)


def test_simam_has_its_published_lambda() -> None:
    """The equation holds for any."""
    assert LAMBDA == 1e-4


def test_published_network() -> None:
    """Its kernels, dropout and 126 million parameters, counted on a dense layer of 1 in place of 2048."""
    narrow = multitask.published(8, ("gender", "valence", "arousal", "dominance"), width=1)
    convolutions = [layer for layer in narrow.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [(layer.filters, layer.kernel_size[0]) for layer in convolutions] == [(32, 7), (64, 5)]
    (dropout,) = [layer for layer in narrow.layers if isinstance(layer, keras.layers.Dropout)]
    assert dropout.rate == 0.8
    assert inspect.signature(multitask.published).parameters["width"].default == 2048
    n_inputs, n_outputs = 31 * 31 * 64, 8 + 4
    assert narrow.count_params() + 2047 * (n_inputs + 1 + n_outputs) == pytest.approx(126e6, rel=1e-3)


def test_multitask_loss_is_its_equation() -> None:
    """L0 + sum(exp(-s_i) L_i + s_i), s = softmax(theta)."""
    theta, losses = np.array([0.5, -1.0, 2.0]), [0.3, 0.7, 1.1]
    s = np.exp(theta) / np.exp(theta).sum()
    expected = 0.9 + np.sum(np.exp(-s) * losses + s)
    assert float(multitask_loss(0.9, losses, theta)) == pytest.approx(expected)
    assert multitask_loss(0.9, [], np.zeros(0)) == 0.9


def test_large_networks_have_their_published_layers() -> None:
    """ResNet-34 has 21.3 M parameters without ImageNet's head; AlexNet five convolutions and three dense layers."""
    resnet = large_cnns.resnet34(6, ())
    kernels = [layer for layer in resnet.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len([layer for layer in kernels if layer.kernel_size != (1, 1)]) == 33  # and the dense layer: 34
    assert resnet.count_params() == pytest.approx(21.3e6, rel=2e-3)
    alexnet = large_cnns.alexnet(6, ())
    convolutions = [layer for layer in alexnet.layers if isinstance(layer, keras.layers.Conv2D)]
    published = [(96, 11), (256, 5), (384, 3), (384, 3), (256, 3)]
    assert [(layer.filters, layer.kernel_size[0]) for layer in convolutions] == published
    assert [layer.units for layer in alexnet.layers if isinstance(layer, keras.layers.Dense)] == [4096, 4096, 6]
    assert multiply_adds(resnet) > multiply_adds(alexnet) > 0


def test_heads_of_a_corpus(sides: Sides) -> None:
    """Only what a corpus says of its clips is learned; a clip that does not say is left out of that loss."""
    found = heads.present(sides["train"])
    assert found == ("gender", "intensity")
    values = heads.targets([sides["train"][0], replace(sides["train"][0], gender="")], found)
    assert np.isnan(values[1, 0])
    assert np.isfinite(values[0]).all()
    assert heads.present([replace(clip, gender="", intensity="") for clip in sides["train"]]) == ()


def test_dimensions_are_scaled(sides: Sides) -> None:
    """IEMOCAP's 1 to 5 and CREMA-D's 0 to 100 become 0 to 1."""
    one = replace(sides["train"][0], valence=1.0, arousal=5.0, dominance=3.0, level=50.0)
    assert heads.targets([one], ("valence", "arousal", "dominance", "level")).tolist() == [[0, 1, 0.5, 0.5]]


def test_training_with_heads_and_copies(sides: Sides, store: Store) -> None:
    """Heads train and are not scored; copies change the scores, cost their share, and need no second training.

    What that training took still counts.
    """
    design = Design(make=tiny, epochs=2, multitask=True)
    once = SpectrogramNetwork(design, store)
    once.fit(TASK, sides["train"], sides["validation"])
    assert set(once.network.output) == {"label", "gender", "intensity"}
    trained, saved_s = store.last, store.saved_s
    copies = SpectrogramNetwork(replace(design, n_copies=2), store)
    copies.fit(TASK, sides["train"], sides["validation"])
    assert store.last is trained
    assert store.saved_s > saved_s
    plain, averaged = once.scores(sides["test"]), copies.scores(sides["test"])
    assert plain.shape == averaged.shape == (len(sides["test"]), len(LABELS))
    np.testing.assert_allclose(averaged.sum(axis=1), 1, atol=1e-5)
    assert np.abs(plain - averaged).max() > 0
    np.testing.assert_array_equal(averaged, copies.scores(sides["test"]))
    assert copies.multiply_adds == 3 * once.multiply_adds


def test_copies_are_averaged_as_probabilities(sides: Sides, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clip and a copy count alike; here the copy of a clip is another clip."""
    design = Design(make=tiny, epochs=1)
    tested = sides["test"]
    plain = SpectrogramNetwork(design, store)
    plain.fit(TASK, sides["train"], sides["validation"])
    scores = plain.scores(tested)
    copies = SpectrogramNetwork(replace(design, n_copies=1), store)
    copies.fit(TASK, sides["train"], sides["validation"])
    images = store.matrix(SPECTROGRAM, tested[::-1])[..., None]
    monkeypatch.setattr(spectrograms, "_augmented", lambda *_: images)
    np.testing.assert_allclose(copies.scores(tested), (scores + scores[::-1]) / 2, atol=1e-6)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("make", "has_heads"),
    [
        (partial(multitask.published, width=4), True),
        (partial(large_cnns.resnet34, share=16), False),
        (partial(large_cnns.alexnet, width=4), False),
    ],
)
def test_untrained_rows_train_on_tiny_data(
    make: partial[keras.Model],
    has_heads: bool,  # noqa: FBT001 -- a parameter
    sides: Sides,
    store: Store,
) -> None:
    """One epoch of a few clips: what is not trained here for its size runs as it would."""
    few: Sides = {side: sides[side][:6] for side in sides}
    design = Design(make=make, epochs=1, multitask=has_heads, batch=6)
    recogniser = SpectrogramNetwork(design, store)
    recogniser.fit(TASK, few["train"], few["validation"])
    np.testing.assert_allclose(recogniser.scores(few["test"]).sum(axis=1), 1, atol=1e-5)


def test_simam_runs_in_int8(sides: Sides, store: Store) -> None:
    """Our trunk with SimAM converts to full int8, and every runtime of the device has a kernel for each operation."""
    network = multitask.own_trunk(len(LABELS), ())
    scores = keras.Model(network.input, keras.layers.Softmax()(network.output["label"]))
    images = store.matrix(SPECTROGRAM, sides["train"][:8])[..., None]
    images[0, 0, :2, 0] = 0, 1  # the input's scale is the front end's
    content = quantize.full_integer(scores, images)
    apart(clip_scores.prove_loads, {"own trunk with SimAM": content}, {"own trunk with SimAM": len(LABELS)})
