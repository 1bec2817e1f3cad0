"""Networks and training, each in a process of its own: TensorFlow and tflite-runtime do not live in one."""

import dataclasses
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert import dataset
from convert.apart import apart
from convert.design import TASKS
from convert.material import material
from convert.recipes import NetworkSpec, Recipe
from convert.runs import Run
from edged.errors import ModelError
from tests import layouts

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow: pip install -e '.[convert]'"
)
Outcome = tuple[list[np.ndarray[Any, Any]], list[dict[str, Any]], int]  # weights, a history, models made twice
_BOTH = ("m1", "m4")  # the first model, and one that starts from it
SMALL = NetworkSpec(stem=4, blocks=((4, 2, "plain"), (4, 1, "separable")), fold=8, temporal=(8,), pooling="mean")
RECIPE = Recipe(name="small", corpora=("cremad",), network=SMALL, epochs=3, epochs_after=1, batch=4, warmup_epochs=1)


def facts() -> dict[str, Any]:
    """Of the default network: its size, what it answers before and after it was made ready for the device, and more.

    All in one process, since TensorFlow takes seconds to import.
    """
    from convert.networks import for_device, network, scoring  # noqa: PLC0415 - only in a process of its own
    from convert.quantize import checked_size  # noqa: PLC0415 - as above
    from convert.recipes import RECIPES  # noqa: PLC0415 - as above

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


def trainings(folder: Path) -> tuple[Outcome, Outcome]:
    """A training as it should be, and one that was killed."""
    return _trained(folder, killed=False), _trained(folder, killed=True)


def _trained(folder: Path, *, killed: bool) -> Outcome:
    """Two models' weights after a training that was killed after its first epoch and taken up again, or was not."""
    from convert import train  # noqa: PLC0415 - only in a process of its own
    from convert.runs import write_json  # noqa: PLC0415 - as above

    setattr(train, "TASKS", {task: TASKS[task] for task in _BOTH})  # noqa: B010 - mypy knows that it is not train's
    run = Run(RECIPE, 1, None, folder / ("killed" if killed else "whole"), material(folder, RECIPE))
    dataset.prepare(run.material.all(), run.cache)
    if killed:

        def kill(path: Path, content: dict[str, Any]) -> None:
            write_json(path, content)
            if len(content["history"]) > 1:
                raise KeyboardInterrupt

        setattr(train, "write_json", kill)  # noqa: B010 - mypy knows that it is a function of ours
        with pytest.raises(KeyboardInterrupt):
            train.train(run)
        assert not train.weights_file(run, "m1").is_file()
        setattr(train, "write_json", write_json)  # noqa: B010 - as above
    train.train(run)
    times = [train.weights_file(run, task).stat().st_mtime_ns for task in _BOTH]
    train.train(run)  # everything is done: nothing is made again
    again = [train.weights_file(run, task).stat().st_mtime_ns for task in _BOTH]
    weights = [weight for task in _BOTH for weight in train.trained(run, task).get_weights()]
    history = json.loads((run.path / "m4.json").read_text(encoding="utf-8"))["history"]
    return weights, history, sum(a != b for a, b in zip(times, again, strict=True))


def test_network_within_budget() -> None:
    """At most 150,000 parameters and 25 M multiply-adds, a larger one is refused by name and number.

    The device's dB give the same scores as 0..1 in training.
    """
    found = apart(facts)
    assert found["parameters"] <= 150_000
    assert found["multiply_adds"] <= 25_000_000
    assert found["scores"].shape == (1, 6)
    assert found["scores"].sum() == pytest.approx(1)
    assert np.allclose(found["scores"], found["on_device"], atol=1e-5)
    assert re.search("network m1: .* expected at most 150000 and 25000000", found["refused"])


def test_training_is_taken_up_again(tmp_path: Path) -> None:
    """A killed training ends where one that was not killed ends, and what is done is not done again."""
    layouts.cremad(tmp_path / "cremad")
    (whole, history, remade), (killed, _, _) = apart(trainings, tmp_path)
    assert remade == 0
    # The first model's own answer is the first entry of the second model's history.
    assert [entry["epoch"] for entry in history] == [0, 1]
    for one, other in zip(whole, killed, strict=True):
        assert np.allclose(one, other, atol=1e-4)
