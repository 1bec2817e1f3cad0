"""One place: the newest message of each source, fused at any moment.

    Said of voice, text, faces, each with its time ──► PlaceSources.fused(now) ──► Fused: emotion, scores, who says what

A source counts for as long as it is fresh: with ``pool`` it fades with its age, with ``rule`` its messages of the last
window vote.  There is a mood while at least one source is no older than the window.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edged.config.hub.presets import complete
from edged.config.hub.structs import Place
from edged.contract.mood import NONE, UNCERTAIN, SourceShare
from edged.hub.fusion import Evidence, Kind, most_frequent, pool, rule, weight
from edged.hub.inputs import Said
from edged.hub.voice import Voice

VOICE = "voice"
_MAX_MESSAGES = 200  # of one source in a window
_MIN_WEIGHT = 0.01  # a source that counts less is left out of the mood's sources


@dataclass(frozen=True, slots=True)
class Fused:
    """The mood at one moment."""

    emotion: str
    confidence: float | None = None
    scores: dict[str, float] | None = None
    sources: dict[str, SourceShare] = field(default_factory=dict)
    agreement: float | None = None


@dataclass(slots=True)
class _Source:
    """An input's newest message, and the votes of its window."""

    kind: Kind
    reliability: float
    said: Said | None = None
    at_s: float = 0.0
    votes: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=_MAX_MESSAGES))


@dataclass(frozen=True, slots=True)
class _Now:
    """The evidence of one source at this moment."""

    name: str
    kind: Kind
    label: str
    evidence: Evidence


class PlaceSources:
    """The sources of one place; times are monotonic."""

    def __init__(self, place: Place, labels: Sequence[str]) -> None:
        self.place = place
        self.labels = tuple(labels)
        self._prior = _prior(place, labels)
        self.voice = Voice(labels, place.window_s)
        self.sources = {
            one.name: _Source("text" if one.kind == "text" else "face", one.reliability or 0.0)
            for one in map(complete, place.inputs)
        }

    def adopt(self, before: "PlaceSources") -> None:
        """Continue with the sources of ``before`` whose nodes, inputs and labels are the same."""
        if before.labels != self.labels:
            return
        was, place = before.place, self.place
        if (was.voice, was.window_s) == (place.voice, place.window_s):
            self.voice = before.voice
        for one in place.inputs:
            if one in was.inputs:
                name = complete(one).name
                self.sources[name] = before.sources[name]

    def take(self, name: str, said: Said, now_s: float) -> None:
        """A message of the input ``name``."""
        source = self.sources[name]
        source.said, source.at_s = said, now_s
        source.votes.append((now_s, said.vote))

    def fused(self, now_s: float) -> Fused:
        """The mood now."""
        present = [one for one in self._now(now_s) if one.evidence.reliability > 0]
        if not any(one.evidence.age_s <= self.place.window_s for one in present):
            return Fused(NONE)
        if self.place.method == "rule":
            present = [one for one in present if one.evidence.age_s <= self.place.window_s]
            scores = rule([(one.kind, one.label) for one in present], self.labels)
            emotion = next(iter(scores), UNCERTAIN)
            weights = {one.name: 1.0 for one in present}
        else:
            scores = pool([one.evidence for one in present], self._prior, self.place.window_s)
            likeliest = max(scores, key=scores.__getitem__)
            emotion = likeliest if scores[likeliest] >= self.place.enter else UNCERTAIN
            weights = {one.name: weight(one.evidence, self.place.window_s) for one in present}
        shown = [one for one in present if weights[one.name] >= _MIN_WEIGHT]
        return Fused(
            emotion,
            max(scores.values(), default=None),
            {label: round(scores.get(label, 0.0), 4) for label in self.labels} if scores else None,
            {
                one.name: SourceShare(
                    label=one.label, age_s=round(one.evidence.age_s, 1), weight=round(weights[one.name], 3)
                )
                for one in shown
            },
            _agreement(shown, weights, max(scores, key=scores.__getitem__, default="")),
        )

    def _now(self, now_s: float) -> Iterator[_Now]:
        if (voice := self.voice.said(now_s)) is not None:
            said, age_s = voice
            label = self._label(said, most_frequent([*self.voice.votes(now_s)]))
            yield _Now(
                VOICE,
                "voice",
                label,
                Evidence(name=VOICE, scores=said.scores, reliability=self.place.reliability, age_s=age_s),
            )
        for name, source in self.sources.items():
            if source.said is not None:
                since_s = now_s - self.place.window_s
                recent = [(vote, 1.0) for at_s, vote in source.votes if at_s >= since_s]
                label = self._label(source.said, most_frequent(recent))
                age_s = max(0.0, now_s - source.at_s)
                yield _Now(
                    name,
                    source.kind,
                    label,
                    Evidence(name=name, scores=source.said.scores, reliability=source.reliability, age_s=age_s),
                )

    def _label(self, said: Said, frequent: str) -> str:
        return frequent if self.place.method == "rule" else said.vote


def _prior(place: Place, labels: Sequence[str]) -> dict[str, float]:
    """Usual shares, none of them 0; labels that the config leaves out divide the rest."""
    rest = [label for label in labels if label not in place.prior]
    left = max(0.0, 1 - sum(place.prior.values())) / max(1, len(rest))
    shares = {label: max(place.prior.get(label, left), 1e-6) for label in labels}
    total = sum(shares.values())
    return {label: share / total for label, share in shares.items()}


def _agreement(present: Sequence[_Now], weights: dict[str, float], likeliest: str) -> float | None:
    total = sum(weights[one.name] for one in present)
    if len(present) < 2 or total <= 0:  # noqa: PLR2004 -- agreement takes two
        return None
    return round(sum(weights[one.name] for one in present if one.label == likeliest) / total, 3)
