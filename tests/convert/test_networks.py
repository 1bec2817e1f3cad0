"""Networks and training, in a process that has TensorFlow: it and tflite-runtime do not live in one."""

import dataclasses
import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.data import dataset
from convert.data.atomic_file import write_json
from convert.data.material import material
from convert.recipes.spec import AugmentSpec, NetworkSpec, Recipe, TeacherSpec
from convert.train.runs import Run
from edged.errors import ModelError
from tests.parts.models import layouts
from tests.parts.models.eager import without_traces
from tests.parts.models.with_tensorflow import with_tensorflow

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow: pip install -e '.[convert]'"
)
Outcome = tuple[list[np.ndarray[Any, Any]], list[dict[str, Any]], int]  # weights, a history, models made twice
_BOTH = ("m1", "m4")  # the first model, and one that starts from it
SMALL = NetworkSpec(stem=4, blocks=((4, 2, "plain"), (4, 1, "separable")), fold=8, temporal=(8,), pooling="mean")
RECIPE = Recipe(
    name="small",
    corpora=("cremad",),
    network=SMALL,
    augment=AugmentSpec(clean_p=0.5, lows_p=0.5),
    epochs=3,
    epochs_after=1,
    batch=4,
    warmup_epochs=1,
    augmented_copies=1,
    learned_weights=True,
    teacher=TeacherSpec(seeds=(7, 8), epochs=2),
)


def facts() -> dict[str, Any]:
    """Of the default network: its size, what it answers before and after it was made ready for the device, and more."""
    from convert.recipes.catalogue import RECIPES  # noqa: PLC0415 - only in a process with TensorFlow
    from convert.train.networks import for_device, network, scoring  # noqa: PLC0415 - only in a process with TensorFlow
    from convert.train.quantize import checked_size  # noqa: PLC0415 - only in a process with TensorFlow

    try:
        checked_size("m1", scoring(network(dataclasses.replace(NetworkSpec(), fold=256), 6)))
        refused = ""
    except ModelError as exc:
        refused = str(exc)
    model = scoring(network(RECIPES["default"].network, 6, ("gender", "level")))
    size = checked_size("m1", model)
    image = np.random.default_rng(0).uniform(0, 1, (1, 188, 64, 1)).astype(np.float32)
    scores = np.asarray(model(image))
    return {
        "parameters": size.parameters,
        "multiply_adds": size.multiply_adds,
        "refused": refused,
        "scores": scores,
        "on_device": np.asarray(for_device(model)(image * 80)),
    }


def normalized() -> tuple[list[Any], list[Any]]:
    """What the network's normalization and Keras' own make of a batch: outputs, moving mean, moving variance."""
    import keras  # noqa: PLC0415 - only in a process with TensorFlow

    from convert.train.networks import network  # noqa: PLC0415 - only in a process with TensorFlow

    layers = network(SMALL, 6).layers
    ours = next(layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization))
    keras_own = keras.layers.BatchNormalization(momentum=ours.momentum, epsilon=ours.epsilon)
    batch = np.random.default_rng(0).normal(3, 2, (8, 9, 5, ours.gamma.shape[0])).astype(np.float32)
    found = []
    for layer in (ours, keras_own):
        out = np.asarray(layer(batch, training=True))
        found.append([out, np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)])
    return found[0], found[1]


def trainings(folder: Path) -> tuple[Outcome, Outcome]:
    """An undisturbed training, and one that was killed, with the teachers of the first."""
    with without_traces():
        whole = _trained(folder, killed=False)
        for teacher in (folder / "whole" / "runs").glob("small-undistilled-*"):
            shutil.copytree(teacher, folder / "killed" / "runs" / teacher.name)
        return whole, _trained(folder, killed=True)


def _trained(folder: Path, *, killed: bool) -> Outcome:
    """Two models' weights after a training that was killed in its second epoch and resumed, or was not."""
    from convert.train import epochs, stage  # noqa: PLC0415 - only in a process with TensorFlow

    run = Run(RECIPE, 1, None, folder / ("killed" if killed else "whole"), material(folder, RECIPE))
    dataset.prepare(run.material.all(), run.cache)
    if killed:

        def kill(path: Path, content: dict[str, Any]) -> None:
            write_json(path, content)
            # The second epoch's history is written, its state is not.
            if path.parent == run.path and content["history"][-1]["epoch"] == 2:
                raise KeyboardInterrupt

        setattr(epochs, "write_json", kill)  # noqa: B010 - mypy knows that it is a function of ours
        with pytest.raises(KeyboardInterrupt):
            stage.train(run, _BOTH)
        assert not stage.weights_file(run, "m1").is_file()
        setattr(epochs, "write_json", write_json)  # noqa: B010 - mypy knows that it is a function of ours
    stage.train(run, _BOTH)
    times = [stage.weights_file(run, task).stat().st_mtime_ns for task in _BOTH]
    stage.train(run, _BOTH)  # everything is done: nothing is made again
    again = [stage.weights_file(run, task).stat().st_mtime_ns for task in _BOTH]
    weights = [weight for task in _BOTH for weight in stage.trained(run, task).get_weights()]
    history = [
        entry for task in _BOTH for entry in json.loads((run.path / f"{task}.json").read_text("utf-8"))["history"]
    ]
    return weights, history, sum(a != b for a, b in zip(times, again, strict=True))


def test_normalization_is_keras_own() -> None:
    """The fused operation learns and keeps what Keras' layer does (its variance is that of a sample)."""
    ours, keras_own = with_tensorflow(normalized)
    for mine, other in zip(ours, keras_own, strict=True):
        np.testing.assert_allclose(mine, other, rtol=2e-3, atol=1e-4)


def test_network_within_budget() -> None:
    """At most 150,000 parameters and 25 M multiply-adds, a larger one is refused by name and number.

    The device's dB give the same scores as 0..1 in training.
    """
    found = with_tensorflow(facts)
    assert found["parameters"] <= 150_000
    assert found["multiply_adds"] <= 25_000_000
    assert found["scores"].shape == (1, 6)
    assert found["scores"].sum() == pytest.approx(1)
    assert np.allclose(found["scores"], found["on_device"], atol=1e-5)
    assert re.search("network m1: .* expected at most 150000 and 25000000", found["refused"])


def test_training_is_resumed(tmp_path: Path) -> None:
    """A killed training ends where an undisturbed one ends, and finished models are not trained again.

    With a teacher, augmented copies, and everything that is trained beside the network.
    """
    layouts.cremad(tmp_path / "cremad")
    layouts.esc10(tmp_path / "esc10")
    layouts.noises(tmp_path / "noise")
    (whole, history, remade), (killed, history_killed, _) = with_tensorflow(trainings, tmp_path)
    assert remade == 0
    # Epoch 0 is the model that training starts from. An epoch that is repeated is in the history once.
    assert [entry["epoch"] for entry in history] == [0, 1, 2, 0, 1]
    assert [entry["epoch"] for entry in history_killed] == [0, 1, 2, 0, 1]
    for one, other in zip(whole, killed, strict=True):
        assert np.allclose(one, other, atol=1e-4)
    runs = sorted((tmp_path / "whole" / "runs").iterdir())
    starts = ["small-seed1", "small-undistilled-seed1", "small-undistilled-seed7", "small-undistilled-seed8"]
    assert [path.name.rpartition("-")[0] for path in runs] == starts
    # A teacher is trained without augmented copies, so it is the training of a recipe without them.
    plain = dataclasses.replace(RECIPE, name="small-undistilled", teacher=TeacherSpec(), augmented_copies=0)
    assert Run(plain, 1, None, tmp_path / "whole", material(tmp_path, plain)).path in runs
    (cached,) = [file for path in runs for file in path.glob("teacher-*.npy")]
    assert [path for path in runs if (path / "m4.npz").is_file()] == [cached.parent]
    shares = np.load(cached)
    assert shares.shape == (6, 6)
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)


def saved_epochs(folder: Path) -> tuple[list[int], list[int]]:
    """A training whose second epoch of three has the lowest loss: which epochs' weights were saved, and the history."""
    from convert.train import epochs, stage  # noqa: PLC0415 - only in a process with TensorFlow

    recipe = dataclasses.replace(RECIPE, teacher=TeacherSpec(), augmented_copies=0)
    run = Run(recipe, 1, None, folder, material(folder, recipe))
    dataset.prepare(run.material.all(), run.cache)
    results = [{"uar": 0.1, "nll": 1.0}, {"uar": 0.2, "nll": 0.5}, {"uar": 0.9, "nll": 0.7}]
    seen: list[Any] = []

    def validated(training: Any) -> dict[str, float]:  # noqa: ANN401 - a private method's self
        seen.append([np.asarray(weight) for weight in training._averaged.weights])  # noqa: SLF001 - what save is given
        return results[len(seen) - 1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(epochs.Training, "_validated", validated)
        stage.train(run, ("m1",))
    with np.load(stage.weights_file(run, "m1")) as file:
        arrays = [file[f"{index:04d}"] for index in range(len(seen[0]))]
    same = [all(np.array_equal(*pair) for pair in zip(arrays, weights, strict=True)) for weights in seen]
    history = json.loads((run.path / "m1.json").read_text(encoding="utf-8"))["history"]
    return [epoch for epoch, is_same in enumerate(same, 1) if is_same], [entry["epoch"] for entry in history]


def test_epoch_with_the_lowest_loss_is_saved(tmp_path: Path) -> None:
    """Not the last one, nor the one with the highest UAR."""
    layouts.cremad(tmp_path / "cremad")
    assert with_tensorflow(saved_epochs, tmp_path) == ([2], [1, 2, 3])


def objectives() -> dict[str, float]:
    """The loss of one clip by recipe: plain, distilled, and with learned weights."""
    import tensorflow as tf  # noqa: PLC0415 - only in a process with TensorFlow

    from convert.train.losses import Objective  # noqa: PLC0415 - only in a process with TensorFlow

    out = {
        "label": tf.constant([[2.0, 0.0, 0.0]]),
        "gender": tf.constant([[0.0]]),
        "level": tf.constant([[1.0]]),
    }
    labels, soft = tf.constant([[1.0, 0.0, 0.0]]), tf.constant([[0.5, 0.5, 0.0]])
    heads = tf.constant([[1.0, 1.0, 3.0, 1.0]])
    plain = Recipe(name="plain", corpora=())
    recipes = {
        "plain": plain,
        "distilled": dataclasses.replace(plain, teacher=TeacherSpec(seeds=(1,), share=1.0, temperature=2.0)),
        "learned": dataclasses.replace(plain, learned_weights=True),
    }
    return {name: float(Objective(recipe)(out, labels, heads, soft)[1]) for name, recipe in recipes.items()}


def test_objective() -> None:
    """Labels' cross-entropy, a teacher's at its temperature, and heads weighed as the recipe says or learns."""
    found = with_tensorflow(objectives)
    labels = np.log(1 + 2 * np.exp(-2))
    gender, level = np.log(2), 4.0
    assert found["plain"] == pytest.approx(labels + 0.1 * gender + 0.1 * level, abs=1e-5)
    distilled = np.log(np.exp(1) + 2) - 0.5
    assert found["distilled"] == pytest.approx(4 * distilled + 0.1 * gender + 0.1 * level, abs=1e-5)
    assert found["learned"] == pytest.approx(found["plain"] + np.log(10), abs=1e-5)
