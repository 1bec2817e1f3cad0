"""Evidence of several sources about one place to one probability for each label; no input and no output.

    voice  {"angry": 0.7, …} ─┐
    text   {"sad": 0.4, …}   ─┼─ pool, or rule ──► {"angry": 0.66, "sad": 0.2, …}, sum 1
    face   "surprise"        ─┘

``pool`` is a logarithmic opinion pool relative to the prior:

    p(y) ~ prior(y) * product over sources m of (p_m(y) / prior(y)) ^ w_m,    w_m = reliability_m * exp(-age_m / tau)

A source that agrees with the prior changes nothing, nor does one of weight 0.  ``rule`` is the first design of this
project: each source has one vote, its most frequent label, and the words win a tie.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["voice", "text", "face"]
Scores = Mapping[str, float]

_FLOOR = 1e-9  # of a probability: no source can rule a label out completely
NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one source says at one moment."""

    name: str
    scores: Scores  # a probability for each label, sum 1
    reliability: float = 1.0  # 0 to 1
    age_s: float = 0.0  # of its newest message


def weight(evidence: Evidence, tau_s: float) -> float:
    """How much ``evidence`` counts, 0 to 1; after ``tau_s`` seconds 37 % of its reliability is left."""
    return evidence.reliability * math.exp(-max(0.0, evidence.age_s) / tau_s)


def pool(evidence: Sequence[Evidence], prior: Scores, tau_s: float) -> dict[str, float]:
    """The probability of each label of ``prior``, which has no zeros; the prior itself without evidence."""
    logs = {label: math.log(share) for label, share in prior.items()}
    weighted = [(weight(one, tau_s), one.scores) for one in evidence]
    pooled = {
        label: math.fsum(
            [log_prior, *(w * (math.log(max(scores.get(label, 0.0), _FLOOR)) - log_prior) for w, scores in weighted)]
        )
        for label, log_prior in logs.items()
    }
    highest = max(pooled.values())
    unscaled = {label: math.exp(value - highest) for label, value in pooled.items()}
    total = math.fsum(unscaled.values())
    return {label: value / total for label, value in unscaled.items()}


def through_channel(scores: Scores, reliability: float) -> dict[str, float]:
    """``scores`` of a source that is right with probability ``reliability``, and else says any other label.

    A bare label, as {label: 1}, becomes ``reliability`` for the label and equal parts of the rest for the others.  The
    scores of an overconfident program become as doubtful as its labels.
    """
    n_labels = len(scores)
    sure = max(reliability, 1 / n_labels)  # a source worse than chance is no evidence of the contrary
    wrong = (1 - sure) / (n_labels - 1)
    return {label: sure * score + wrong * (1 - score) for label, score in scores.items()}


def of_label(label: str, labels: Sequence[str]) -> dict[str, float]:
    """A bare label as scores."""
    return {one: float(one == label) for one in labels}


def most_frequent(said: Sequence[tuple[str, float]]) -> str:
    """The label with the largest sum; ``said`` has labels in order of time, each with a count or a duration.

    In a tie the newest wins; empty if ``said`` is.
    """
    totals: dict[str, float] = {}
    for label, amount in said:
        totals[label] = totals.pop(label, 0.0) + amount  # the newest is last
    return max(reversed(totals), key=totals.__getitem__, default="")


def rule(votes: Sequence[tuple[Kind, str]], labels: Sequence[str]) -> dict[str, float]:
    """Shares of the votes by label, that of the mood first; ``votes`` are the most frequent label of each source.

    A label that is not in ``labels``, such as a face's surprise, is no vote.  The label with most votes is the mood.
    In a tie the words win, or the face if the words are neutral and it is not; without words the voice wins.  A neutral
    face counts only alone: most faces look neutral while their voice does not.
    """
    named = [(kind, label) for kind, label in votes if label in labels]
    if any((kind, label) != ("face", NEUTRAL) for kind, label in named):
        named = [vote for vote in named if vote != ("face", NEUTRAL)]
    if not named:
        return {}
    counts = {label: sum(1 for _, other in named if other == label) for _, label in named}
    most = max(counts.values())
    first = next(label for label in _by_rank(named) if counts[label] == most)
    ordered = [first, *(label for label in labels if label in counts and label != first)]
    return {label: counts[label] / len(named) for label in ordered}


def _by_rank(votes: Sequence[tuple[Kind, str]]) -> list[str]:
    """Labels in the order in which they win a tie."""
    by_kind: dict[Kind, list[str]] = {"text": [], "voice": [], "face": []}
    for kind, label in votes:
        by_kind[kind].append(label)
    words = [label for label in by_kind["text"] if label != NEUTRAL]
    neutral_words = [label for label in by_kind["text"] if label == NEUTRAL]
    faces = by_kind["face"]
    tied = [*words, *(faces if neutral_words else []), *neutral_words]  # words and face are one, and the words lead
    return [*tied, *by_kind["voice"], *faces]
