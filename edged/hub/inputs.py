"""A payload of another program to its meaning: scores for each label and a vote; or why it is ignored.

    b'{"text": "…", "siteId": "kitchen"}' ──where, text──► scorer ──────────► Said(scores, vote)
    b'{"dominant_emotion": "joy", …}'    ──where, label, scores, map, scale─► Said(scores, vote)

Fields are dotted paths.  There are no templates and no code: a payload is data.  The words of a sentence are used only
here; no result and no error contains any part of them.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from edged.config.hub.structs import Input, Scalar
from edged.decoding import MALFORMED
from edged.hub.fusion import of_label, through_channel
from edged.hub.text import TextScorer

Fault = Literal["elsewhere", "late", "malformed", "unknown_labels", "no_evidence"]  # fields of HubInputs

LATE_S = 10.0  # between the time in a payload and the hub's clock
_MAX_LABELS = 200  # of an object of scores
_MAX_SCORE = 1e9  # before its scale; more is no score, and sums of more would overflow
_NOTHING = ""  # in a map: a label that is ignored
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Said:
    """The content of one message."""

    scores: Mapping[str, float]  # a probability for each label of the hub, sum 1
    vote: str  # the label, or empty if the hub does not have it
    unknown: tuple[str, ...] = ()  # labels that neither the hub nor the map has


@dataclass(frozen=True, slots=True)
class Ignored:
    """Why a message is ignored."""

    fault: Fault
    unknown: tuple[str, ...] = ()


class Reader:
    """Reads the payloads of one input; ``one`` is complete, as ``presets.complete`` returns it."""

    def __init__(self, one: Input, labels: Sequence[str], scorer: TextScorer | None) -> None:
        self._input = one
        self._labels = tuple(labels)
        self._scorer = scorer
        self._map = {theirs.casefold(): ours for theirs, ours in one.map.items()} | {label: label for label in labels}
        self._map |= {
            theirs.casefold(): ours for theirs, ours in one.map.items() if theirs in labels and ours in labels
        }
        self._is_bare = not (one.text or one.label or one.scores)

    def read(self, payload: bytes, now_s: float | None = None) -> Said | Ignored:
        """The content of ``payload``; ``now_s`` is the wall clock."""
        one = self._input
        try:
            if self._is_bare and not one.where:
                return self._said(payload.decode(), None)
            content = msgspec.json.decode(payload)
        except MALFORMED:
            return Ignored("malformed")
        if any(not _equal(_at(content, path), wanted) for path, wanted in one.where.items()):
            return Ignored("elsewhere")
        if one.time and (fault := _time_fault(_at(content, one.time), time.time() if now_s is None else now_s)):
            return Ignored(fault)
        if one.kind == "text":
            return self._said(_at(content, one.text), None)
        return self._said(
            _at(content, one.label) if one.label else None, _at(content, one.scores) if one.scores else None
        )

    def _said(self, word: Any, scores: Any) -> Said | Ignored:  # noqa: ANN401 -- JSON
        if self._input.kind == "text":
            return self._of_words(word)
        distribution, unknown = self._distribution(scores)
        if distribution is None and not isinstance(word, str):
            return Ignored("malformed")
        label = self._label(word) if isinstance(word, str) else None
        if isinstance(word, str) and label is None:
            unknown = (*unknown, word)
        if distribution is None:
            if label is None:
                return Ignored("unknown_labels", unknown)
            if label == _NOTHING:
                return Said(dict.fromkeys(self._labels, 1 / len(self._labels)), _NOTHING)
            distribution = of_label(label, self._labels)
        elif label is None:
            label = max(distribution, key=distribution.__getitem__)
        return Said(through_channel(distribution, self._input.reliability or 0.0), label, unknown)

    def _of_words(self, words: Any) -> Said | Ignored:  # noqa: ANN401 -- JSON
        if not isinstance(words, str):
            return Ignored("malformed")
        scored = self._scorer.scores(words) if self._scorer is not None and words.strip() else None
        if scored is None:
            return Ignored("no_evidence")
        likeliest = max(scored, key=scored.__getitem__)
        return Said(_spread(scored, self._labels), likeliest if likeliest in self._labels else _NOTHING)

    def _label(self, word: str) -> str | None:
        """The hub's label for ``word``, empty if it is to be ignored; None if neither hub nor map has it."""
        return self._map.get(word.strip().casefold())

    def _distribution(self, scores: Any) -> tuple[dict[str, float] | None, tuple[str, ...]]:  # noqa: ANN401 -- JSON
        """Probabilities of the hub's labels, and unknown labels; None without usable scores."""
        if not isinstance(scores, dict) or not 0 < len(scores) <= _MAX_LABELS:
            return None, ()
        ours: dict[str, float] = {}
        unknown = []
        for theirs, score in scores.items():
            if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= _MAX_SCORE:
                return None, ()
            label = self._label(theirs)
            if label is None:
                unknown.append(theirs)
            ours[label or _NOTHING] = ours.get(label or _NOTHING, 0.0) + score / self._input.scale
        if math.fsum(ours.values()) <= 0 or not ours.keys() & set(self._labels):
            return None, tuple(unknown)
        return _spread(ours, self._labels), tuple(unknown)


def _spread(scores: Mapping[str, float], labels: Sequence[str]) -> dict[str, float]:
    """``scores`` as probabilities of ``labels``; what is missing to 1, or is of other labels, is shared equally."""
    known = {label: scores.get(label, 0.0) for label in labels}
    total = max(1.0, math.fsum(scores.values()))
    rest = max(0.0, total - math.fsum(known.values())) / len(labels)
    return {label: (score + rest) / total for label, score in known.items()}


def _at(content: Any, path: str) -> Any:  # noqa: ANN401 -- JSON
    """The value at a dotted path: everything for an empty path, and an object that equals nothing if there is none."""
    for key in path.split(".") if path else ():
        if isinstance(content, dict):
            content = content.get(key, _MISSING)
        elif isinstance(content, list) and key.isascii() and key.isdecimal() and int(key) < len(content):
            content = content[int(key)]
        else:
            return _MISSING
    return content


def _equal(value: Any, wanted: Scalar) -> bool:  # noqa: ANN401 -- JSON
    """Whether JSON's value is YAML's: true is not 1 in either."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _time_fault(moment: Any, now_s: float) -> Fault | None:  # noqa: ANN401 -- JSON
    if isinstance(moment, bool) or not isinstance(moment, str | int | float):
        return "malformed"
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment).timestamp()
        except (ValueError, OverflowError, OSError):
            return "malformed"
    return None if abs(moment - now_s) <= LATE_S else "late"
