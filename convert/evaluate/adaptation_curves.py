"""The gain by the device's adaptation: UAR by the seconds of speech that it has adapted to.

    clips of a speaker ──half to adapt to, half to test──► a stream of the first half, drawn by a prior distribution
    stream ──the device's own learning, no labels──► the other half corrected ──► UAR after 8 s, 16 s, …

Each speaker is a home; the halves are drawn again for each trial.  Half of a speaker's clips are a minute or two of
speech: a longer stream repeats them at random.  Bundles that correct scores and bundles that correct features get the
same curves: see ``learning``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data import dataset
from convert.evaluate.learning import Learning, ScoreLearning
from convert.score.calibration import mean_log_scores, routed
from convert.score.clip_scores import ClipWindows
from convert.score.metrics import calibration_error, confusion, recall, uar
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.models.adaptation import Adaptation, Settings
from edged.models.bundle import Manifest

MARKS_S = (0, 8, 16, 30, 60, 300, 1800)
PRIORS = ("neutral", "balanced", "angry", "sad")  # 70 % of that label and the rest equal, or all equal
_MAIN_SHARE = 0.7
N_TRIALS = 5
_N_DRAWN = 64  # clips at once, for speed
_TWO_MARKS_S = (0, 60, 300)
_BEFORE_S, _HOUR_S = 300.0, 3600.0  # ordinary speech, then an hour of a single emotion

Indices = NDArray[np.int64]
NewDevice = Callable[[str], Learning]  # a device that has just been switched on, for a speaker
Part = tuple[str, str]  # one of these kinds, and of what: ("prior", "sad"), ("hour_of", "sad"), ("two_speakers", "")
Curves = dict[str, dict[str, Any]]  # by kind and name, as a card has them


@dataclass(frozen=True, slots=True)
class Homes:
    """The clips of one corpus with their scores or features on a device without adaptation."""

    labels: tuple[str, ...]
    inputs: list[Floats]  # by clip, (n_windows, n)
    seconds: list[float]  # by clip
    truth: Indices
    speakers: NDArray[np.str_]


def homes(labels: tuple[str, ...], inputs: Floats, windows: ClipWindows, cache: Path) -> Homes:
    """From the ``inputs`` (n_windows, n) of all windows."""
    ends = np.cumsum(np.bincount(windows.owner, minlength=len(windows.clips)))
    return Homes(
        labels,
        np.split(inputs, ends[:-1]),
        [len(dataset.levels(clip, cache)) * GEOMETRY.hop_s for clip in windows.clips],
        windows.label_indices(labels),
        np.array([clip.speaker for clip in windows.clips]),
    )


def score_homes(
    manifest: Manifest, raw: Mapping[str, Floats], windows: ClipWindows, cache: Path, *, left_out: bool
) -> tuple[Homes, NewDevice]:
    """The homes of a bundle that corrects scores, from each model's ``raw`` scores by the default routing.

    ``left_out``: each speaker is compared with the other ones, since validation speakers made the bundle's table.
    """
    scores = routed(manifest, raw, manifest.routes.default)

    def device(speaker: str) -> Learning:
        table = manifest.mean_log_scores[manifest.routes.default]
        if left_out:
            table = mean_log_scores(manifest, scores, windows, speaker)
        return ScoreLearning(Adaptation(manifest.labels, table, Settings()))

    return homes(manifest.labels, scores, windows, cache), device


def curves(group: Homes, device: NewDevice, n_trials: int = N_TRIALS) -> Curves:
    """All numbers of one corpus, each the mean over ``n_trials`` draws of a speaker's halves."""
    return joined(curve(group, device, part, n_trials) for part in parts(group.labels))


def parts(labels: Sequence[str]) -> list[Part]:
    """What ``curve`` can be asked for, the longest first."""
    return [*(("hour_of", label) for label in labels), ("two_speakers", ""), *(("prior", name) for name in PRIORS)]


def curve(group: Homes, device: NewDevice, part: Part, n_trials: int = N_TRIALS) -> Curves:
    """The numbers of one ``part``."""
    kind, name = part
    if kind == "hour_of":
        hour = _hour(group, device, name, n_trials)
        return {kind: {name: hour} if hour else {}}
    if kind == "two_speakers":
        return {kind: _two(group, device, n_trials) if len(set(group.speakers)) > 1 else {}}
    uars, errors = by_seconds(group, device, name, n_trials)
    return {"priors": {name: uars}, "ece": {name: errors}}


def joined(curves: Iterable[Curves]) -> Curves:
    """All numbers of one corpus, from those of its parts."""
    whole: Curves = {"priors": {}, "ece": {}, "two_speakers": {}, "hour_of": {}}
    for one in curves:
        for kind, numbers in one.items():
            whole[kind].update(numbers)
    return whole


def by_seconds(
    group: Homes, device: NewDevice, prior: str, n_trials: int = N_TRIALS, marks_s: Sequence[int] = MARKS_S
) -> tuple[dict[str, float], dict[str, float]]:
    """UAR and ECE by seconds of adaptation."""
    matrices = {mark: _empty(group) for mark in marks_s}
    scored: dict[int, list[tuple[Indices, Floats]]] = {mark: [] for mark in marks_s}
    for speaker, rng, adapt, test in _trials(group, n_trials):
        home = _Home(group, device(speaker))
        clips = stream(group, adapt, prior, rng)
        for mark in marks_s:
            home.listen(clips, mark)
            scored[mark].append((group.truth[test], home.scores(test)))
            matrices[mark] += home.confusion(test)
    errors = {
        mark: calibration_error(
            np.concatenate([truth for truth, _ in pairs]), np.concatenate([scores for _, scores in pairs])
        )
        for mark, pairs in scored.items()
    }
    return (
        {str(mark): round(uar(matrix), 4) for mark, matrix in matrices.items()},
        {str(mark): round(error, 4) for mark, error in errors.items()},
    )


def _two(group: Homes, device: NewDevice, n_trials: int) -> dict[str, float]:
    """UAR by seconds of adaptation to two speakers who take turns, tested on both."""
    matrices = {mark: _empty(group) for mark in _TWO_MARKS_S}
    trials = list(_trials(group, n_trials))
    for first, second in zip(trials, trials[n_trials:] + trials[:n_trials], strict=True):
        home = _Home(group, device(first[0]))
        pair = [stream(group, adapt, "neutral", rng) for _, rng, adapt, _ in (first, second)]
        turns = (next(pair[turn % 2]) for turn in range(10**6))
        for mark in _TWO_MARKS_S:
            home.listen(turns, mark)
            matrices[mark] += home.confusion(first[3]) + home.confusion(second[3])
    return {str(mark): round(uar(matrix), 4) for mark, matrix in matrices.items()}


def _hour(group: Homes, device: NewDevice, label: str, n_trials: int) -> dict[str, float]:
    """UAR and the recall of ``label`` before and after an hour of it alone, then after five ordinary minutes."""
    label_index = group.labels.index(label)
    matrices = [_empty(group) for _ in range(3)]
    for speaker, rng, adapt, test in _trials(group, n_trials):
        if not (group.truth[adapt] == label_index).any():
            continue
        home = _Home(group, device(speaker))
        ordinary = stream(group, adapt, "neutral", rng)
        home.listen(ordinary, _BEFORE_S)
        matrices[0] += home.confusion(test)
        alone = adapt[group.truth[adapt] == label_index]
        home.listen(stream(group, alone, "balanced", rng), _BEFORE_S + _HOUR_S)
        matrices[1] += home.confusion(test)
        home.listen(ordinary, 2 * _BEFORE_S + _HOUR_S)
        matrices[2] += home.confusion(test)
    if not matrices[0][label_index].sum():  # no clip to adapt to, or none left to test
        return {}
    names = ("before", "after", "later")
    uars = {f"uar_{name}": round(uar(matrix), 4) for name, matrix in zip(names, matrices, strict=True)}
    recalls = [round(float(recall(matrix)[label_index]), 4) for matrix in matrices]
    return {**uars, **{f"recall_{name}": value for name, value in zip(names, recalls, strict=True)}}


class _Home:
    """A device that has just been switched on."""

    def __init__(self, group: Homes, learning: Learning) -> None:
        self._group, self._learning = group, learning
        self._seconds = 0.0

    def listen(self, clips: Iterator[int], until_s: float) -> None:
        """Adapts to the next of ``clips`` until ``until_s`` seconds have been played since the start."""
        while self._seconds < until_s:
            clip = next(clips)
            seconds, windows = self._group.seconds[clip], self._group.inputs[clip]
            for window in windows:
                self._learning.learn(window, seconds / len(windows))
            self._seconds += seconds

    def confusion(self, clips: Indices) -> NDArray[np.int64]:
        """(n_labels, n_labels) confusion of ``clips``, to none of which the device adapts."""
        group = self._group
        return confusion(group.truth[clips], self.scores(clips).argmax(axis=1), len(group.labels))

    def scores(self, clips: Indices) -> Floats:
        """(n_clips, n_labels) the corrected scores of each clip, the mean over its windows."""
        inputs = [self._group.inputs[clip] for clip in clips]
        if not inputs:
            return np.zeros((0, len(self._group.labels)), np.float32)
        starts = np.cumsum([0, *map(len, inputs[:-1])])
        counts = np.array([len(of_clip) for of_clip in inputs], np.float32)
        scores = self._learning.scores(np.concatenate(inputs))
        return np.asarray(np.add.reduceat(scores, starts) / counts[:, None], np.float32)


def stream(group: Homes, clips: Indices, prior: str, rng: np.random.Generator) -> Iterator[int]:
    """Clips at random without end, their labels distributed by ``prior`` as far as there are clips of them."""
    by_label = [clips[group.truth[clips] == label_index] for label_index in range(len(group.labels))]
    shares = np.array([float(len(of_label) > 0) for of_label in by_label])
    if prior in group.labels and shares[main := group.labels.index(prior)] and shares.sum() > 1:
        shares *= (1 - _MAIN_SHARE) / (shares.sum() - 1)
        shares[main] = _MAIN_SHARE
    shares /= shares.sum()
    while True:
        for label_index in rng.choice(len(shares), _N_DRAWN, p=shares):
            yield int(by_label[label_index][rng.integers(len(by_label[label_index]))])


def _trials(group: Homes, n_trials: int) -> Iterator[tuple[str, np.random.Generator, Indices, Indices]]:
    """By speaker and trial: the speaker, a generator, the clips to adapt to and those to test."""
    for speaker in np.unique(group.speakers):
        for trial in range(n_trials):
            rng = np.random.default_rng([trial, *str(speaker).encode()])
            halves = [_halved(rng.permutation(of_label)) for of_label in _by_label(group, str(speaker))]
            adapt, test = (np.concatenate(side) for side in zip(*halves, strict=True))
            yield str(speaker), rng, adapt, test


def _by_label(group: Homes, speaker: str) -> list[Indices]:
    of_speaker = group.speakers == speaker
    return [np.flatnonzero(of_speaker & (group.truth == label_index)) for label_index in range(len(group.labels))]


def _halved(clips: Sequence[int] | Indices) -> tuple[Indices, Indices]:
    half = (len(clips) + 1) // 2
    return np.array(clips[:half], np.int64), np.array(clips[half:], np.int64)


def _empty(group: Homes) -> NDArray[np.int64]:
    return np.zeros((len(group.labels), len(group.labels)), np.int64)
