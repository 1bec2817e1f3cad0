"""Routes of a user's labels: made of confusions, or given."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.own import routes
from convert.recipes.cascade import FIRST, Cascade
from edged.errors import UsageError
from edged.models.bundle import Branch, Node

_LABELS = ("bored", "calm", "glad", "loud", "tense", "wild")


def confusion(*pairs: tuple[str, str], labels: tuple[str, ...] = _LABELS) -> NDArray[np.int64]:
    """Thirty clips a label that are right, and ten of each of ``pairs`` that are not."""
    matrix = np.diag(np.full(len(labels), 30))
    for true, predicted in pairs:
        matrix[labels.index(true), labels.index(predicted)] += 10
    return matrix


def test_groups_are_what_is_confused() -> None:
    """Labels that are confused with each other are in one group, and the pairs are those confused across."""
    quiet = [("bored", "calm"), ("calm", "glad"), ("glad", "bored")]
    strong = [("loud", "tense"), ("tense", "wild"), ("wild", "loud")]
    made = routes.made(_LABELS, confusion(*quiet, *strong, ("calm", "tense")))
    assert made.tasks[FIRST] == _LABELS
    assert {made.tasks["m2"], made.tasks["m3"]} == {("bored", "calm", "glad"), ("loud", "tense", "wild")}
    assert made.tasks["m4"] == ("calm", "tense")
    assert len(made.tasks["m5"]) == 2
    assert not set(made.tasks["m5"]) & {"calm", "tense"}


def test_routes_lead_to_every_model() -> None:
    """Each group to its model, each label of a pair to the pair's."""
    made = routes.made(_LABELS, confusion(("bored", "calm"), ("loud", "wild")))
    reached = set()
    nodes = [made.hard]
    while nodes:
        node = nodes.pop()
        reached.add(node.model)
        for branch in node.branches:
            assert set(branch.labels) <= set(made.tasks[node.model])
            nodes.append(branch.then)
    assert reached == set(made.tasks)


def test_two_labels_need_one_model() -> None:
    """There is nothing to route."""
    assert routes.made(("calm", "tense"), np.eye(2, dtype=np.int64)) == routes.alone(("calm", "tense"))


@pytest.mark.parametrize("count", range(3, 33))
def test_any_number_of_labels(count: int) -> None:
    """Even where nothing is confused; always the same routes."""
    labels = tuple(f"label{number:02}" for number in range(count))
    made = routes.made(labels, np.eye(count, dtype=np.int64))
    assert made == routes.made(labels, np.eye(count, dtype=np.int64))
    assert all(len(own) > 1 for own in made.tasks.values())
    grouped = [label for name in ("m2", "m3") for label in made.tasks.get(name, ())]
    assert len(grouped) == len(set(grouped)) >= count - 1


def given(folder: Path, **changed: Any) -> Path:  # noqa: ANN401 - JSON
    """A file of routes whose first model has another name."""
    values = {
        "models": {"all": ["calm", "loud", "tense"], "m1": ["calm", "tense"]},
        "hard": {"model": "all", "branches": [{"labels": ["calm"], "then": {"model": "m1"}}]},
    }
    (folder / "routes.json").write_text(json.dumps({**values, **changed}), encoding="utf-8")
    return folder / "routes.json"


def test_given_routes_begin_with_m1(tmp_path: Path) -> None:
    """Whatever the first model is called in the file."""
    found = routes.given(given(tmp_path), ("calm", "loud", "tense"))
    assert found == Cascade(
        {"m1": ("calm", "loud", "tense"), "all": ("calm", "tense")}, Node("m1", (Branch(("calm",), Node("all")),))
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"hard": {"model": "m1"}}, "hard.model is 'm1', expected a model of all labels"),
        ({"models": {"all": ["calm", "loud", "tense"], "m2": ["calm", "bored"]}}, "models.m2 names bored"),
        (
            {"models": {"all": ["calm", "loud", "tense"]}},
            ": hard.branches[0].then.model is 'm1', expected",
        ),
        ({"more": 1}, "unknown field `more`"),
        ({"models": {"all": ["Müde", "loud", "tense"]}}, "models.all names Müde, expected some of calm, loud, tense"),
        ({"models": {"all": ["calm", "loud", "tense"], "m1": ["calm"]}}, "models.m1 is ['calm'], expected two labels"),
        ({"models": {"all": ["calm", "loud", "tense", "calm"]}}, "expected two labels or more, each once"),
        ({"models": {"all": ["calm", "loud", "tense"], "trunk": ["calm", "loud"]}}, "models.trunk is the name of"),
        (
            {"models": {"all": ["calm", "loud", "tense"], "m1": ["loud", "tense"]}},
            "'m1', which lacks calm, expected",
        ),
        (
            {"hard": {"model": "all", "branches": [{"labels": ["calm"], "then": {"model": "all"}}]}},
            "hard.branches[0].then.model is 'all', expected one that was not asked on the way",
        ),
    ],
)
def test_given_routes_that_do_not_fit(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    """The key is named before anything is trained."""
    with pytest.raises(UsageError, match=r"routes\.json") as caught:
        routes.given(given(tmp_path, **changed), ("calm", "loud", "tense"))
    assert words in str(caught.value)


@pytest.mark.parametrize("content", [b'{"models": {"m1": ["m\xfcde"]}}', b'{"hard": ' + b"[" * 9999, b""])
def test_given_routes_that_are_no_json(tmp_path: Path, content: bytes) -> None:
    """Another encoding, brackets without end, nothing: a line that names the file."""
    (tmp_path / "routes.json").write_bytes(content)
    with pytest.raises(UsageError, match=r"routes\.json: .*, expected JSON with models") as caught:
        routes.given(tmp_path / "routes.json", ("calm", "tense"))
    assert "\n" not in str(caught.value)


def test_given_routes_of_a_windows_editor(tmp_path: Path) -> None:
    """A byte order mark changes nothing."""
    file = given(tmp_path)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert routes.given(file, ("calm", "loud", "tense")).tasks["all"] == ("calm", "tense")
