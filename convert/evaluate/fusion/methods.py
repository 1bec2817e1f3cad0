"""Trials to answers: voice alone, text alone, and the hub's own fusion.

    Trials ──edged.hub.fusion──► the index of the answer (n,) by method, -1 without one

``pool`` and ``rule`` are the hub's functions, not copies of them.  All senses are fresh: ages are 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import LABELS
from convert.evaluate.fusion.trials import Trials
from edged.features.logmel import Floats
from edged.hub import fusion

UNIFORM = dict.fromkeys(LABELS, 1 / len(LABELS))
_TAU_S = 1.0  # without effect at an age of 0
Answers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Method:
    """A way from a trial to an answer, its name in the table."""

    name: str
    text: str | None  # the text model it takes


def voice_answers(trials: Trials) -> Answers:
    """(n,) of the voice alone."""
    return np.asarray(trials.voice.argmax(axis=1))


def text_answers(trials: Trials, model: str) -> Answers:
    """(n,) of the words alone; -1 without evidence."""
    text = trials.text[model]
    known = np.isfinite(text).all(axis=1)
    return np.where(known, np.nan_to_num(six(text)).argmax(axis=1), -1)


def pool_answers(trials: Trials, model: str, reliability: float) -> Answers:
    """(n,) of the hub's ``pool`` under a uniform prior, the voice's reliability being 1."""
    answers = []
    for voice, text in zip(trials.voice, six(trials.text[model]), strict=True):
        evidence = [fusion.Evidence(name="voice", scores=_scores(voice))]
        if np.isfinite(text).all():
            evidence.append(fusion.Evidence(name="text", scores=_scores(text), reliability=reliability))
        answers.append(_best(fusion.pool(evidence, UNIFORM, _TAU_S)))
    return np.array(answers, np.int64)


def rule_answers(trials: Trials, model: str) -> Answers:
    """(n,) of the hub's ``rule``: words win over the voice unless they are neutral or something else."""
    answers = []
    for voice, text in zip(voice_answers(trials), trials.text[model], strict=True):
        votes: list[tuple[fusion.Kind, str]] = [("voice", LABELS[voice])]
        if np.isfinite(text).all():
            votes.append(("text", (*LABELS, "other")[int(text.argmax())]))
        answers.append(_best(fusion.rule(votes, LABELS)))
    return np.array(answers, np.int64)


def six(text: Floats) -> Floats:
    """(n, 6) of scores (n, 7): the share of ``other`` says nothing about the six, and is spread evenly over them."""
    return np.asarray(text[:, : len(LABELS)] + text[:, len(LABELS) :] / len(LABELS), np.float32)


def _scores(row: Floats) -> dict[str, float]:
    return dict(zip(LABELS, row.tolist(), strict=True))


def _best(scores: dict[str, float]) -> int:
    return LABELS.index(max(scores, key=scores.__getitem__))
