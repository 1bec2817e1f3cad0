"""The cascade of a user's labels: made from what the first model confuses, or given in a file.

    confusion (n, n) of validation speakers ──groups that are confused within, pairs across──► Cascade
    routes.json: models, hard ──► Cascade, or an error that names the key

Made as the six labels' own routes are: ``m1`` answers all labels, ``m2`` and ``m3`` each one of two groups, ``m4`` and
``m5`` the two pairs that are confused most across the groups.  The groups are the cut of the labels that separates
fewest confusions for its size (normalised cut, Shi and Malik 2000, by the Fiedler vector).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from convert.recipes.cascade import FIRST, Cascade
from convert.score.metrics import Counts
from edged.decoding import MALFORMED
from edged.errors import ModelError, UsageError, reason
from edged.models.bundle import FORMAT, Branch, DimensionName, Manifest, Model, Node, Routes, check_routes

_PAIR = 2
_MIN_GROUPED = 4  # labels from which both groups have two or more
_PRIOR = 0.5  # clips of every confusion, seen or not
_N_PAIRS = 2
_MARK = b"\xef\xbb\xbf"  # of UTF-8, as some editors put it before JSON
_PARTS = {"adaptation", "gate", "trunk", *get_args(DimensionName)}  # files of a bundle that are no model's


class _Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``routes.json``: as in ``bundle.json``; words that are no label are named by ``_check_models``."""

    models: dict[str, tuple[str, ...]]
    hard: Node


def alone(labels: tuple[str, ...]) -> Cascade:
    """One model that answers all ``labels``."""
    return Cascade({FIRST: labels}, Node(FIRST))


def made(labels: tuple[str, ...], matrix: Counts) -> Cascade:
    """Routes for ``labels`` whose first model has the confusion ``matrix`` (n, n), true label by row."""
    if len(labels) == _PAIR:
        return alone(labels)
    shares = (matrix + _PRIOR) / (matrix + _PRIOR).sum(axis=1, keepdims=True)
    between = (shares + shares.T) / 2
    np.fill_diagonal(between, 0)
    groups = _cut(between)
    tasks: dict[str, tuple[str, ...]] = {FIRST: labels}
    across = sorted((-between[a, b], a, b) for a in groups[0] for b in groups[1])
    taken: list[tuple[int, int]] = []
    for _, a, b in across:
        if len(taken) < _N_PAIRS and all(a not in pair and b not in pair for pair in taken):
            taken.append((a, b))
    names = {pair: f"m{number}" for number, pair in enumerate(taken, start=4)}
    branches = []
    for number, group in enumerate(groups, start=2):
        own = tuple(labels[index] for index in group)
        after = tuple(Branch((labels[index],), Node(names[pair])) for index in group for pair in taken if index in pair)
        if len(own) > 1:
            tasks[f"m{number}"] = own
            branches.append(Branch(own, Node(f"m{number}", after)))
        else:
            branches += after
    for (a, b), name in names.items():
        tasks[name] = tuple(labels[index] for index in sorted((a, b)))
    return Cascade(tasks, Node(FIRST, tuple(branches)))


def given(file: Path, labels: tuple[str, ...]) -> Cascade:
    """The routes in ``file`` for ``labels``.

    Raises:
        UsageError: the file cannot be read, is of another form, has no model of all ``labels`` first, or a branch
            leads to a model that cannot answer it.
    """
    try:
        found = msgspec.json.decode(file.read_bytes().removeprefix(_MARK), type=_Given)
    except (OSError, *MALFORMED) as exc:
        raise UsageError(f"{file}: {reason(exc)}, expected JSON with models (labels by model) and hard") from exc
    _check_models(file, found.models, labels)
    first = found.hard.model
    if set(found.models.get(first, ())) != set(labels):
        raise UsageError(f"{file}: hard.model is {first!r}, expected a model of all labels: {', '.join(labels)}")
    try:
        check_routes(file, _as_manifest(found, labels))
    except ModelError as exc:
        raise UsageError(str(exc).replace(" routes.hard", " hard", 1)) from exc
    _check_branches(file, found.models, found.hard, "hard", ())
    renamed = {first: FIRST} | ({FIRST: first} if FIRST in found.models and first != FIRST else {})
    rest = {renamed.get(name, name): own for name, own in found.models.items() if name != first}
    return Cascade({FIRST: labels, **rest}, _renamed(found.hard, renamed))


def _check_models(file: Path, models: Mapping[str, tuple[str, ...]], labels: tuple[str, ...]) -> None:
    for name, own in models.items():
        if name in _PARTS:
            raise UsageError(f"{file}: models.{name} is the name of another part of a bundle, expected one such as m2")
        if unknown := sorted(set(own) - set(labels)):
            raise UsageError(f"{file}: models.{name} names {', '.join(unknown)}, expected some of {', '.join(labels)}")
        if len(set(own)) != len(own) or len(own) < _PAIR:
            raise UsageError(f"{file}: models.{name} is {list(own)}, expected two labels or more, each once")


def _check_branches(
    file: Path, models: Mapping[str, tuple[str, ...]], node: Node, where: str, before: tuple[str, ...]
) -> None:
    """A label that the next model lacks would never be answered; a model that was asked before says the same again."""
    for index, branch in enumerate(node.branches):
        then, path = branch.then, f"{where}.branches[{index}].then"
        asked = (*before, node.model)
        if then.model in asked:
            raise UsageError(f"{file}: {path}.model is {then.model!r}, expected one that was not asked on the way")
        if lost := sorted(set(branch.labels) - set(models[then.model])):
            raise UsageError(
                f"{file}: {path}.model is {then.model!r}, which lacks {', '.join(lost)}, expected a model of all labels"
                " of its branch"
            )
        _check_branches(file, models, then, path, asked)


def _as_manifest(found: _Given, labels: tuple[str, ...]) -> Manifest:
    """A manifest in which only labels, models and routes are meant; the rest is filler."""
    models = {
        name: Model(file="m.tflite", sha256="0" * 64, labels=own, parameters=1, multiply_adds=1)
        for name, own in found.models.items()
    }
    return Manifest(
        format=FORMAT,
        name="given",
        version="1",
        created="",
        licence="",
        geometry={},
        labels=labels,
        models=models,
        routes=Routes(default="hard", hard=found.hard, soft=dict.fromkeys(models, 1.0)),
        training={},
        metrics={},
        versions={},
    )


def _renamed(node: Node, names: dict[str, str]) -> Node:
    branches = tuple(Branch(branch.labels, _renamed(branch.then, names)) for branch in node.branches)
    return Node(names.get(node.model, node.model), branches)


def _cut(between: NDArray[np.float64]) -> tuple[list[int], list[int]]:
    """Two groups of labels with the smallest normalised cut among those in the order of the Fiedler vector."""
    degree = between.sum(axis=1)
    scaled = between / np.sqrt(degree[:, None] * degree[None])
    _, vectors = np.linalg.eigh(np.eye(len(between)) - scaled)
    order = np.argsort(vectors[:, 1] / np.sqrt(degree), kind="stable").tolist()
    smallest = 2 if len(order) >= _MIN_GROUPED else 1

    def loss(size: int) -> float:
        one, other = order[:size], order[size:]
        lost = between[np.ix_(one, other)].sum()
        return float(lost / degree[one].sum() + lost / degree[other].sum())

    size = min(range(smallest, len(order) - smallest + 1), key=loss)
    groups = sorted((sorted(order[:size]), sorted(order[size:])))
    return groups[0], groups[1]
