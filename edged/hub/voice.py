"""The states of a place's nodes to its voice: the loudest node with speech counts.

    <root>/<node>/{emotion, capture, availability} ──► Voice ──► Said of the current or last speech, and its age

Nodes in one room pick up the same voices, so their states are not independent and are not added up.  A state holds
until the node publishes another, says that it is offline or muted, or our own connection is lost; then it ages.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from edged.contract.mood import NONE, UNCERTAIN
from edged.contract.payloads import EmotionState
from edged.contract.topics import AVAILABILITY, CAPTURE, EMOTION, ONLINE
from edged.decoding import MALFORMED
from edged.hub.fusion import of_label
from edged.hub.inputs import LATE_S, Ignored, Said

TOPICS = (EMOTION, CAPTURE, AVAILABILITY)
_MAX_STATES = 200  # in a window


@dataclass(slots=True)
class _Node:
    said: Said | None = None  # of the newest speech
    level_dbfs: float = -math.inf
    until_s: float = -math.inf  # monotonic; when the state ended, infinite while it holds


class Voice:
    """The voice of one place; times are monotonic."""

    def __init__(self, labels: Sequence[str], window_s: float) -> None:
        self._labels = tuple(labels)
        self._window_s = window_s
        self._nodes: dict[str, _Node] = {}
        self._votes: deque[tuple[float, str]] = deque(maxlen=_MAX_STATES)  # since when, and the label from then on

    def read(self, node: str, topic: str, payload: bytes, now_s: float, utc_s: float) -> Said | Ignored | None:
        """Take a message of ``node`` on ``topic``, one of ``TOPICS``; None if it says that there is no speech."""
        if topic != EMOTION.name:
            if payload != ONLINE.encode():
                self._end(node, now_s)
            return None
        try:
            state = msgspec.json.decode(payload, type=EmotionState)
            late = abs(datetime.fromisoformat(state.time).timestamp() - utc_s) > LATE_S
        except (*MALFORMED, ValueError, OverflowError):
            return Ignored("malformed")
        if late:
            return Ignored("late")
        if state.emotion == NONE or not state.scores:
            self._end(node, now_s)
            return None
        said = self._said(state)
        if said is None:
            return Ignored("unknown_labels", tuple(sorted(state.scores)))
        level_dbfs = -math.inf if state.level_dbfs is None else state.level_dbfs
        self._nodes[node] = _Node(said, level_dbfs, math.inf)
        self._vote(now_s)
        return said

    def lost(self, now_s: float) -> None:
        """The connection is lost: the states of the nodes are unknown from now on."""
        for node in self._nodes:
            self._end(node, now_s)

    def said(self, now_s: float) -> tuple[Said, float] | None:
        """The voice's evidence, and its age in seconds; None before any speech."""
        chosen = self._chosen()
        if chosen is None or chosen.said is None:
            return None
        return chosen.said, max(0.0, now_s - chosen.until_s) if chosen.until_s < math.inf else 0.0

    def votes(self, now_s: float) -> Iterator[tuple[str, float]]:
        """The labels of the window in order, each with the seconds that it held."""
        ends = [*(since_s for since_s, _ in self._votes), now_s][1:]
        for (since_s, label), end_s in zip(self._votes, ends, strict=True):
            held_s = end_s - max(since_s, now_s - self._window_s)
            if label and held_s >= 0:
                yield label, held_s

    def _said(self, state: EmotionState) -> Said | None:
        """Scores of the hub's labels; the label that the tracker decided on has the tracker's probability.

        Without a decision no label has more than that probability, which is the likeliest one's: one window may be
        sure of a label that the tracker does not trust yet, and the place would show a mood that its device does not.
        """
        scores = {label: score for label, score in (state.scores or {}).items() if label in self._labels}
        total = math.fsum(scores.values())
        if total <= 0:
            return None
        normal = {label: scores.get(label, 0.0) / total for label in self._labels}
        if state.emotion in self._labels and state.probability is not None:
            others = 1 - normal[state.emotion]
            left = 1 - state.probability
            normal = (
                {
                    label: state.probability if label == state.emotion else left * score / others
                    for label, score in normal.items()
                }
                if others > 0
                else of_label(state.emotion, self._labels)
            )
        elif state.emotion == UNCERTAIN and state.probability is not None:
            normal = _flattened(normal, state.probability)
        return Said(normal, state.emotion if state.emotion in self._labels else "")

    def _end(self, node: str, now_s: float) -> None:
        ended = self._nodes.get(node)
        if ended is not None and ended.until_s == math.inf:
            ended.until_s = now_s
            self._vote(now_s)

    def _chosen(self) -> _Node | None:
        """The loudest node with speech, or the one whose speech ended last."""
        return max(self._nodes.values(), key=lambda node: (node.until_s, node.level_dbfs), default=None)

    def _vote(self, now_s: float) -> None:
        chosen = self._chosen()
        label = chosen.said.vote if chosen and chosen.said and chosen.until_s == math.inf else ""
        if not self._votes or self._votes[-1][1] != label:
            self._votes.append((now_s, label))


def _flattened(scores: dict[str, float], highest: float) -> dict[str, float]:
    """``scores``, which sum to 1, mixed with the uniform ones until none is above ``highest``; their order stays."""
    uniform, top = 1 / len(scores), max(scores.values())
    if top <= highest:
        return scores
    share = max(0.0, highest - uniform) / (top - uniform)
    return {label: share * score + (1 - share) * uniform for label, score in scores.items()}
