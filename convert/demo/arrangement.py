"""The deliveries found for each line to the conversation in which a bundle detects every turn as it is meant.

    Line ──its best deliveries──► the best of each ──whole pipeline, all conditions──► others in place of weak ones
                                                                                  └──► turns that stay weak left out

Scores of windows are not enough: the tracker needs seconds of evidence against the turn before, and adaptation lowers
the scores of an emotion that lasts long.
"""

from collections.abc import Sequence
from typing import NamedTuple

from convert.demo.conversation import Spoken, conversation
from convert.demo.detection import CONDITIONS, Outcome, outcomes
from convert.demo.speech import Reals
from edged.demo.sample import Turn
from edged.demo.verdict import MIN_EMOTIONS
from edged.errors import EdgedError, counted
from edged.models.bundle import Bundle

_WEAK = 0.25  # lead, as a share of the turn, below which another delivery is tried
_MIN_LEAD = 0.05  # below it a turn is left out


class Arrangement(NamedTuple):
    """A conversation, and how clearly its turns are detected."""

    lines: list[Spoken]
    samples: Reals
    turns: tuple[Turn, ...]
    worst: list[Outcome]  # one a turn, over all conditions


def arranged(bundle: Bundle, candidates: Sequence[Sequence[Spoken]], seed: int) -> Arrangement:
    """The conversation of one candidate a line; lines of which none is clear enough are left out.

    Raises:
        EdgedError: fewer than four emotions are left.
    """
    arrangement = _measured(bundle, [spoken[0] for spoken in candidates], seed)
    for index, others in enumerate(candidates):
        for other in others[1:]:
            if arrangement.worst[index].lead >= _WEAK:
                break
            lines = [*arrangement.lines[:index], other, *arrangement.lines[index + 1 :]]
            changed = _measured(bundle, lines, seed)
            if _weakest(changed) > _weakest(arrangement):
                arrangement = changed
    while (weakest := min(outcome.lead for outcome in arrangement.worst)) < _MIN_LEAD:
        index = [outcome.lead for outcome in arrangement.worst].index(weakest)
        arrangement = _measured(bundle, [*arrangement.lines[:index], *arrangement.lines[index + 1 :]], seed)
    emotions = {spoken.line.meant for spoken in arrangement.lines}
    if len(emotions) < MIN_EMOTIONS:
        raise EdgedError(
            f"{bundle.path}: detected as meant: {counted(len(emotions), 'emotion')} ({', '.join(sorted(emotions))}),"
            f" expected at least {MIN_EMOTIONS}; try another --seed, or other lines in convert/demo/lines.py"
        )
    return arrangement


def _weakest(arrangement: Arrangement) -> list[float]:
    """The leads in rising order, to compare arrangements by their weakest turns."""
    return sorted(outcome.lead for outcome in arrangement.worst)


def _measured(bundle: Bundle, lines: list[Spoken], seed: int) -> Arrangement:
    if not lines:
        raise EdgedError(f"{bundle.path}: no emotion is detected as meant, expected at least {MIN_EMOTIONS}")
    samples, turns = conversation(lines, seed)
    by_condition = [outcomes(bundle, samples, turns, condition) for condition in CONDITIONS]
    worst = [min(one, key=lambda outcome: outcome.lead) for one in zip(*by_condition, strict=True)]
    return Arrangement(lines, samples, turns, worst)
