"""What the baseline of a device is worth: UAR by the seconds of speech that it has heard.

    clips of a speaker ──half to learn from, half to judge──► a stream of one half, in a mixture of moods
    stream ──the device's Adaptation, no labels──► the other half corrected ──► UAR after 12 s, 30 s, …

Each speaker is a home; the halves are drawn anew for each trial.  Half a speaker's clips are a minute or two of speech:
a longer stream repeats them, drawn at random.  Validation speakers are compared with a table of the other validation
speakers, all others with the bundle's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data import dataset
from convert.score.calibration import mean_moods, routed
from convert.score.clip_scores import Heard
from convert.score.metrics import calibration_error, confusion, recall, uar
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.models.adaptation import Adaptation, Settings
from edged.models.bundle import Manifest

MARKS_S = (0, 12, 30, 60, 300, 1800)
MIXTURES = ("neutral", "balanced", "angry")  # 70 % of it and the rest equal, or all equal
_MOST = 0.7
_N_TRIALS = 5
_DRAWN = 64  # clips at once, as that is faster
_TWO_MARKS_S = (0, 60, 300)
_BEFORE_S, _HOUR_S = 300.0, 3600.0  # an ordinary beginning, then an hour of one mood

Places = NDArray[np.int64]
Table = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Homes:
    """The clips of one corpus as a device would answer them without a baseline."""

    labels: tuple[str, ...]
    answers: list[Floats]  # by clip, (n_windows, n_labels)
    seconds: list[float]  # by clip
    truth: Places
    speakers: NDArray[np.str_]


def homes(manifest: Manifest, raw: Mapping[str, Floats], windows: Heard, cache: Path) -> Homes:
    """From each model's ``raw`` scores, by the default routing."""
    answers = routed(manifest, raw, manifest.routes.default)
    ends = np.cumsum(np.bincount(windows.owner, minlength=len(windows.clips)))
    return Homes(
        manifest.labels,
        np.split(answers, ends[:-1]),
        [len(dataset.levels(clip, cache)) * GEOMETRY.hop_s for clip in windows.clips],
        windows.place_of(manifest.labels),
        np.array([clip.speaker for clip in windows.clips]),
    )


def table_of(manifest: Manifest) -> Callable[[str], Table]:
    """The bundle's, for every speaker."""
    return lambda _speaker: manifest.mean_log_scores[manifest.routes.default]


def table_without(manifest: Manifest, raw: Mapping[str, Floats], windows: Heard) -> Callable[[str], Table]:
    """That of the other speakers, for validation speakers, of whom the bundle's is made."""
    answers = routed(manifest, raw, manifest.routes.default)
    return lambda speaker: mean_moods(manifest, answers, windows, speaker)


def figures(found: Homes, table: Callable[[str], Table], settings: Settings | None = None) -> dict[str, Any]:
    """All that is tabled of one corpus."""
    settings = settings or Settings()
    two = _two(found, table, settings) if len(set(found.speakers)) > 1 else {}
    mixtures = {name: _mixture(found, table, settings, name) for name in MIXTURES}
    return {
        "mixtures": {name: recalls for name, (recalls, _) in mixtures.items()},
        "ece": {name: errors for name, (_, errors) in mixtures.items()},
        "two_speakers": two,
        "hour_of": {label: hour for label in found.labels if (hour := _hour(found, table, settings, label))},
    }


def _mixture(
    found: Homes, table: Callable[[str], Table], settings: Settings, prior_distribution: str
) -> tuple[dict[str, float], dict[str, float]]:
    """UAR and ECE by seconds heard."""
    matrices = {mark: _empty(found) for mark in MARKS_S}
    answers: dict[int, list[tuple[Places, Floats]]] = {mark: [] for mark in MARKS_S}
    for speaker, rng, learn, judge in _trials(found):
        known = _Home(found, table(speaker), settings)
        clips = stream(found, learn, prior_distribution, rng)
        for mark in MARKS_S:
            known.hear(clips, mark)
            answers[mark].append((found.truth[judge], known.answered(judge)))
            matrices[mark] += known.judged(judge)
    errors = {
        mark: calibration_error(
            np.concatenate([truth for truth, _ in pairs]), np.concatenate([own for _, own in pairs])
        )
        for mark, pairs in answers.items()
    }
    return (
        {str(mark): round(uar(matrix), 4) for mark, matrix in matrices.items()},
        {str(mark): round(error, 4) for mark, error in errors.items()},
    )


def _two(found: Homes, table: Callable[[str], Table], settings: Settings) -> dict[str, float]:
    """UAR by seconds heard of two speakers who take turns, each judged."""
    matrices = {mark: _empty(found) for mark in _TWO_MARKS_S}
    trials = list(_trials(found))
    for first, second in zip(trials, trials[_N_TRIALS:] + trials[:_N_TRIALS], strict=True):
        known = _Home(found, table(first[0]), settings)
        pair = [stream(found, learn, "neutral", rng) for _, rng, learn, _ in (first, second)]
        turns = (next(pair[turn % 2]) for turn in range(10**6))
        for mark in _TWO_MARKS_S:
            known.hear(turns, mark)
            matrices[mark] += known.judged(first[3]) + known.judged(second[3])
    return {str(mark): round(uar(matrix), 4) for mark, matrix in matrices.items()}


def _hour(found: Homes, table: Callable[[str], Table], settings: Settings, label: str) -> dict[str, float]:
    """UAR and the recall of ``label`` before and after an hour of it alone, then after five usual minutes."""
    place = found.labels.index(label)
    matrices = [_empty(found) for _ in range(3)]
    for speaker, rng, learn, judge in _trials(found):
        if not (found.truth[learn] == place).any():
            continue
        known = _Home(found, table(speaker), settings)
        usual = stream(found, learn, "neutral", rng)
        known.hear(usual, _BEFORE_S)
        matrices[0] += known.judged(judge)
        known.hear(stream(found, learn[found.truth[learn] == place], "balanced", rng), _BEFORE_S + _HOUR_S)
        matrices[1] += known.judged(judge)
        known.hear(usual, 2 * _BEFORE_S + _HOUR_S)
        matrices[2] += known.judged(judge)
    if not matrices[0][place].sum():  # none learned from, or none left to judge
        return {}
    names = ("before", "after", "later")
    told = {f"uar_{name}": round(uar(matrix), 4) for name, matrix in zip(names, matrices, strict=True)}
    recalls = [round(float(recall(matrix)[place]), 4) for matrix in matrices]
    return {**told, **{f"recall_{name}": value for name, value in zip(names, recalls, strict=True)}}


class _Home:
    """A device that has just been switched on."""

    def __init__(self, found: Homes, table: Table, settings: Settings) -> None:
        self._found = found
        self._baseline = Adaptation(found.labels, table, settings)
        self._heard_s = 0.0

    def hear(self, clips: Iterator[int], until_s: float) -> None:
        """Learns from the next of ``clips`` until so many seconds were heard since the start."""
        while self._heard_s < until_s:
            clip = next(clips)
            seconds, answers = self._found.seconds[clip], self._found.answers[clip]
            for answer in answers:
                self._baseline.learn(answer, seconds / len(answers))
            self._heard_s += seconds

    def judged(self, clips: Places) -> NDArray[np.int64]:
        """(n_labels, n_labels) confusion of ``clips``, none of which is learned from."""
        found = self._found
        return confusion(found.truth[clips], self.answered(clips).argmax(axis=1), len(found.labels))

    def answered(self, clips: Places) -> Floats:
        """(n_clips, n_labels) the mean answer of each clip, corrected."""
        found = self._found
        answers = [self._baseline.corrected(found.answers[clip]).mean(axis=0) for clip in clips]
        return np.array(answers, np.float32).reshape(-1, len(found.labels))


def stream(found: Homes, clips: Places, prior_distribution: str, rng: np.random.Generator) -> Iterator[int]:
    """Clips at random for ever, their labels in the mixture, as far as there are clips of them."""
    by_label = [clips[found.truth[clips] == place] for place in range(len(found.labels))]
    shares = np.array([float(len(own) > 0) for own in by_label])
    if (
        prior_distribution in found.labels
        and shares[most := found.labels.index(prior_distribution)]
        and shares.sum() > 1
    ):
        shares *= (1 - _MOST) / (shares.sum() - 1)
        shares[most] = _MOST
    shares /= shares.sum()
    while True:
        for place in rng.choice(len(shares), _DRAWN, p=shares):
            yield int(by_label[place][rng.integers(len(by_label[place]))])


def _trials(found: Homes) -> Iterator[tuple[str, np.random.Generator, Places, Places]]:
    """By speaker and trial: the speaker, a generator, the clips to learn from and those to judge."""
    for speaker in np.unique(found.speakers):
        for trial in range(_N_TRIALS):
            rng = np.random.default_rng([trial, *str(speaker).encode()])
            halves = [_halved(rng.permutation(own)) for own in _by_label(found, str(speaker))]
            learn, judge = (np.concatenate(side) for side in zip(*halves, strict=True))
            yield str(speaker), rng, learn, judge


def _by_label(found: Homes, speaker: str) -> list[Places]:
    own = found.speakers == speaker
    return [np.flatnonzero(own & (found.truth == place)) for place in range(len(found.labels))]


def _halved(clips: Sequence[int] | Places) -> tuple[Places, Places]:
    half = (len(clips) + 1) // 2
    return np.array(clips[:half], np.int64), np.array(clips[half:], np.int64)


def _empty(found: Homes) -> NDArray[np.int64]:
    return np.zeros((len(found.labels), len(found.labels)), np.int64)
