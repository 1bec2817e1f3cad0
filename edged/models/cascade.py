"""All models of a bundle together: one window in, one answer out, along the bundle's routes.

    image (188, 64) int8 ─┬─hard: along the tree, only the models it needs──► Answer(label, scores)
    or features (n,) ─────┼─soft: all models, their evidence multiplied─────►
                          └─each dimension──► Answer(dimensions), 0 to 1
                     └──features──► the adaptation of the features, whose shift is removed before the models run

Hard: each model redistributes the scores of its labels, and the group of labels with the greatest sum decides which
model runs next; the last model's answer is that of the cascade.  Soft: the centred log-ratio of each model's scores
(Aitchison 1982: log score minus its mean, so a model carries no evidence for labels it does not know) is weighted,
summed by label and normalised: a product of experts, with weights fitted on validation speakers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edged.errors import ModelError
from edged.features.logmel import Floats
from edged.models.bands import band_levels, without_shift
from edged.models.bundle import Bundle, Manifest, Node, Routing
from edged.models.interpreter import Interpreter, Runtime, Seen, image_in, installed_runtimes, reals_in

_MIN_SCORE = 1 / 512  # half of the finest step of an int8 score: a dequantised 0 may be anything below it
_MIN, _LOG_MIN = np.float32(_MIN_SCORE), np.float32(np.log(_MIN_SCORE))


@dataclass(frozen=True, slots=True)
class Answer:
    """The cascade's answer for one window."""

    label: str
    scores: Floats  # (n_labels,) in the order of the bundle's labels, sum 1; ``label`` has the greatest
    asked: tuple[str, ...]  # the models that ran, in order
    dimensions: Mapping[str, float] = field(default_factory=dict)  # by name, 0 to 1; empty if the bundle has none


class Cascade:
    """The bundle's models, loaded, and the route through them.  One thread owns it."""

    def __init__(
        self, bundle: Bundle, routing: Routing | None = None, *, n_threads: int = 1, runtime: Runtime | None = None
    ) -> None:
        """``routing`` None is the bundle's default, ``runtime`` None the first that is installed.

        Raises:
            ModelError: no runtime is installed, or a file is not a model of this geometry.
        """
        manifest = bundle.manifest
        self.labels = manifest.labels
        self.routing: Routing = routing or manifest.routes.default
        self.runtime: Runtime = runtime or preferred_runtime()
        self._manifest = manifest

        def loaded(file: str, content: bytes, n_outputs: int) -> Interpreter:
            return Interpreter(
                file,
                content,
                n_outputs,
                n_threads=n_threads,
                runtime=self.runtime,
                n_features=bundle.n_features,
                geometry=bundle.geometry,
            )

        models, dimensions = manifest.models, manifest.dimensions or {}
        self._interpreters = {
            name: loaded(models[name].file, bundle.contents[name], len(models[name].labels))
            for name in _needed(manifest, self.routing)
        }
        self._dimensions = {name: loaded(one.file, bundle.dimensions[name], 1) for name, one in dimensions.items()}
        self._soft = SoftRoute(manifest, list(self._interpreters)) if self.routing == "soft" else None

    def features(self, seen: Seen) -> Floats:
        """(n,) the features that the bundle's ``adaptation`` corrects: ``seen`` itself, or its band levels."""
        image = image_in(seen)
        return reals_in(seen) if image is None else band_levels(image)

    def answer(self, seen: Seen, shift: Floats | None = None) -> Answer:
        """The label and scores of one window.

        ``seen`` is its image (n_frames, n_bands), or with a trunk its features (n,); ``shift`` (n,) is removed from
        its features.
        """
        if shift is not None:
            image = image_in(seen)
            seen = reals_in(seen) - shift if image is None else without_shift(image, shift)
        answer = self._labelled(seen)
        if not self._dimensions:
            return answer
        found = {name: float(one.scores(seen)[0]) for name, one in self._dimensions.items()}
        return replace(answer, dimensions={name: min(1.0, max(0.0, value)) for name, value in found.items()})

    def _labelled(self, seen: Seen) -> Answer:
        if self._soft is not None:
            for name, place in self._soft.places.items():
                self._interpreters[name].scores(seen, out=place)
            return self._soft.answer()
        return hard_answer(self._manifest, lambda name: self._scores(name, seen))

    def _scores(self, name: str, seen: Seen) -> Floats:
        return sharpened(self._interpreters[name].scores(seen), self._manifest.models[name].temperature)


class SoftRoute:
    """``sharpened`` and ``soft_answer`` of one window for all models at once, in a tenth of the time.

    The scores of all models are in one array, end to end.  The log of a sharpened score is the log of the score over
    the temperature, less the log of the model's sum, and the evidence for the labels is linear in these logs.
    """

    def __init__(self, manifest: Manifest, names: Sequence[str]) -> None:
        models = [manifest.models[name] for name in names]
        sizes = [len(model.labels) for model in models]
        self._starts = np.cumsum([0, *sizes[:-1]])
        self._model = np.repeat(np.arange(len(models)), sizes)
        self._exponents = np.repeat(np.array([1 / model.temperature for model in models], np.float32), sizes)
        self._labels, self._asked = manifest.labels, tuple(names)
        self._scores = np.empty(sum(sizes), np.float32)
        ends = self._starts + sizes
        self.places = {
            name: self._scores[start:end] for name, start, end in zip(names, self._starts, ends, strict=True)
        }
        self._evidence = np.zeros((len(manifest.labels), len(self._scores)), np.float32)
        for name, model, start in zip(names, models, self._starts, strict=True):
            rows = [manifest.labels.index(label) for label in model.labels]
            centring = np.eye(len(rows)) - 1 / len(rows)
            self._evidence[rows, start : start + len(rows)] = manifest.routes.soft[name] * centring

    def answer(self) -> Answer:
        """The answer for the scores that were written to ``places``."""
        logs = np.log(np.maximum(self._scores, _MIN))
        logs -= np.maximum.reduceat(logs, self._starts)[self._model]
        logs *= self._exponents
        logs -= np.log(np.add.reduceat(np.exp(logs), self._starts))[self._model]
        evidence = self._evidence @ np.maximum(logs, _LOG_MIN, out=logs)
        shares = np.exp(evidence - evidence.max())
        shares /= shares.sum()
        return Answer(self._labels[int(shares.argmax())], shares, self._asked)


def sharpened(scores: Floats, temperature: float) -> Floats:
    """Scores (..., n) raised to 1/temperature and normalised; 0 counts as half the finest int8 step."""
    raised = np.maximum(scores, np.float32(_MIN_SCORE))
    # Relative to the greatest score, so that at least one power is 1: at a low temperature all others may underflow.
    powered = (raised / raised.max(axis=-1, keepdims=True)) ** np.float32(1 / temperature)
    return np.asarray(powered / powered.sum(axis=-1, keepdims=True), np.float32)


def hard_answer(manifest: Manifest, ask: Callable[[str], Floats]) -> Answer:
    """Follows ``routes.hard``; ``ask`` runs a model by name, and only those on the route run."""
    label_index = {label: index for index, label in enumerate(manifest.labels)}
    shares = np.zeros(len(label_index), np.float32)
    asked: list[str] = []
    node: Node | None = manifest.routes.hard
    label = manifest.labels[0]
    while node is not None:
        labels = manifest.models[node.model].labels
        scores = ask(node.model)
        indices = [label_index[name] for name in labels]
        # The first model knows all labels, and distributes the whole.
        shares[indices] = scores * (shares[indices].sum() if asked else np.float32(1))
        asked.append(node.model)
        by_label = dict(zip(labels, scores.tolist(), strict=True))
        label = max(labels, key=by_label.__getitem__)
        node = _next_node(node, by_label)
    # A label outside the branch may have a higher score than the route's answer: then the two swap their scores, so
    # that the answer always has the highest.
    answer, greatest = label_index[label], int(shares.argmax())
    shares[[answer, greatest]] = shares[[greatest, answer]]
    return Answer(label, shares / shares.sum(), tuple(asked))


def _next_node(node: Node, scores: Mapping[str, float]) -> Node | None:
    """The node of the group of labels with the greatest sum; a label in no branch is a group by itself."""
    branched = {label for branch in node.branches for label in branch.labels}
    greatest = max((score for label, score in scores.items() if label not in branched), default=0.0)
    chosen = None
    for branch in node.branches:
        total = sum(scores[label] for label in branch.labels)
        if total >= greatest:
            greatest, chosen = total, branch.then
    return chosen


def soft_answer(manifest: Manifest, scores: Mapping[str, Floats]) -> Answer:
    """Combines the ``scores`` of all models with the weights of ``routes.soft``."""
    evidence = np.zeros(len(manifest.labels), np.float32)
    for name, weight in manifest.routes.soft.items():
        if weight:
            evidence += np.float32(weight) * centred(manifest, name, scores[name])
    powered = np.exp(evidence - evidence.max())
    shares = np.asarray(powered / powered.sum(), np.float32)
    return Answer(manifest.labels[int(shares.argmax())], shares, tuple(scores))


def centred(manifest: Manifest, name: str, scores: Floats) -> Floats:
    """(..., n_labels) the centred log-ratio of one model's ``scores`` (..., n), 0 for labels it does not know."""
    logs = np.log(np.maximum(scores, np.float32(_MIN_SCORE)))
    indices = [manifest.labels.index(label) for label in manifest.models[name].labels]
    evidence = np.zeros((*scores.shape[:-1], len(manifest.labels)), np.float32)
    evidence[..., indices] = logs - logs.mean(axis=-1, keepdims=True)
    return evidence


def _needed(manifest: Manifest, routing: Routing) -> list[str]:
    if routing == "soft":
        return [name for name, weight in manifest.routes.soft.items() if weight]
    names: dict[str, None] = {}
    nodes = [manifest.routes.hard]
    while nodes:
        node = nodes.pop()
        names[node.model] = None
        nodes.extend(branch.then for branch in node.branches)
    return list(names)


def preferred_runtime() -> Runtime:
    """The first runtime that is installed.

    Raises:
        ModelError: none is.
    """
    runtimes = installed_runtimes()
    if not runtimes:
        raise ModelError("no TFLite runtime can be imported, expected tflite-runtime (Python 3.11) or ai-edge-litert")
    return runtimes[0]
