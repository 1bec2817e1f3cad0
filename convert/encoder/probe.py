"""The quality of the frozen encoder's features: a linear head on them, before adaptation and adapted to each speaker.

    features of training speakers ──logistic regression──► labels of others ──► UAR by corpus

Adaptation subtracts a speaker's mean, estimated without labels from N other clips of the speaker, 70 % neutral on
average, with weight N / (N + 0.5) against the training mean.  The adapted head is trained on features from which each
training speaker's mean at 70 % neutral was subtracted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import LABELS
from convert.encoder.clip_features import ClipFeatures
from convert.score.metrics import confusion, uar
from edged.features.logmel import Floats

N_CLIPS = (2, 4, 8, 15)  # adapted to; two clips are about 8 s, fifteen about a minute
_NEUTRAL_SHARE = 0.7
_CAUTION = 0.5  # clips that weigh as much as the assumption that a speaker is as those in training
_N_DRAWS = 3
_INVERSE_PENALTY = 1e-3  # of the logistic regression, on standardised features


@dataclass(frozen=True, slots=True)
class Row:
    """UAR of one set of speakers."""

    name: str
    n_clips: int
    unadapted: float  # of the head that was trained without adaptation
    adapted: tuple[float, ...]  # by N_CLIPS


def probe(
    train: Sequence[ClipFeatures], others: Mapping[str, ClipFeatures], outputs: Sequence[int], seed: int
) -> list[Row]:
    """A row for each of ``others``; ``outputs`` of the encoder are concatenated, 0 being the convolutions."""
    x = np.concatenate([_columns(one, outputs) for one in train])
    labels = np.concatenate([one.labels for one in train])
    speakers = np.concatenate([one.speakers for one in train])
    centre = _speaker_mean(x, labels)
    shifted = x.copy()
    for speaker in np.unique(speakers):
        own = speakers == speaker
        shifted[own] += centre - _speaker_mean(x[own], labels[own])
    plain, adapted = _Head(x, labels), _Head(shifted, labels)
    rows = []
    for name, clips in others.items():
        given = _columns(clips, outputs)
        rows.append(
            Row(
                name,
                len(given),
                _uar(clips.labels, plain.labels(given)),
                tuple(_mean_adapted_uar(adapted, clips, given, centre, n, seed) for n in N_CLIPS),
            )
        )
    return rows


class _Head:
    """A logistic regression on standardised features."""

    def __init__(self, x: Floats, labels: NDArray[np.str_]) -> None:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 -- takes a second

        self._mean, self._spread = x.mean(axis=0), x.std(axis=0) + 1e-6
        self._model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=400)
        self._model.fit((x - self._mean) / self._spread, labels)

    def labels(self, x: Floats) -> NDArray[np.str_]:
        """(n,) the most probable label of each row."""
        return np.asarray(self._model.predict((x - self._mean) / self._spread), np.str_)


def _columns(clips: ClipFeatures, outputs: Sequence[int]) -> Floats:
    return np.asarray(clips.values[:, list(outputs)].reshape(len(clips.values), -1), np.float32)


def _speaker_mean(x: Floats, labels: NDArray[np.str_]) -> Floats:
    neutral = labels == "neutral"
    if not neutral.any() or neutral.all():
        return np.asarray(x.mean(axis=0), np.float32)
    mean = _NEUTRAL_SHARE * x[neutral].mean(axis=0) + (1 - _NEUTRAL_SHARE) * x[~neutral].mean(axis=0)
    return np.asarray(mean, np.float32)


def _mean_adapted_uar(  # noqa: PLR0913, PLR0917 -- a head, clips, and how they are adapted to
    head: _Head, clips: ClipFeatures, x: Floats, centre: Floats, n: int, seed: int
) -> float:
    return float(np.mean([_adapted_uar(head, clips, x, centre, n, seed + draw) for draw in range(_N_DRAWS)]))


def _adapted_uar(  # noqa: PLR0913, PLR0917 -- as above
    head: _Head, clips: ClipFeatures, x: Floats, centre: Floats, n: int, seed: int
) -> float:
    """With each clip's speaker mean from ``n`` of his other clips."""
    generator = np.random.default_rng(seed)
    shifted = x.copy()
    for index, speaker in enumerate(clips.speakers):
        others = np.flatnonzero(clips.speakers == speaker)
        others = others[others != index]
        is_neutral = clips.labels[others] == "neutral"
        n_neutral = generator.binomial(n, _NEUTRAL_SHARE)
        picked = [
            generator.choice(pool, min(wanted, len(pool)), replace=False)
            for pool, wanted in ((others[is_neutral], n_neutral), (others[~is_neutral], n - n_neutral))
        ]
        adapted_to = np.concatenate(picked)
        if len(adapted_to):
            weight = len(adapted_to) / (len(adapted_to) + _CAUTION)
            shifted[index] -= np.float32(weight) * (x[adapted_to].mean(axis=0) - centre)
    return _uar(clips.labels, head.labels(shifted))


def _uar(truth: NDArray[np.str_], predicted: NDArray[np.str_]) -> float:
    return uar(confusion(_indices(truth), _indices(predicted), len(LABELS)))


def _indices(labels: NDArray[np.str_]) -> NDArray[np.int64]:
    return np.array([LABELS.index(label) for label in labels], np.int64)
