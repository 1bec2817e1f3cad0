"""A mood to one plain sentence, for people and for the prompt of a model.

"angry", 40 s, {"voice": "angry", "text": "angry", "face": "neutral"} ──►
"angry for 40 s, voice and words agree, face says neutral"
"""

from collections.abc import Mapping

from edged.contract.mood import NONE, UNCERTAIN

_SPOKEN = {"text": "words"}
_MINUTE_S, _HOUR_S = 60, 3600
_FROM_MINUTES_S, _FROM_HOURS_S = 2 * _MINUTE_S, 2 * _HOUR_S  # below them the smaller unit says more


def sentence(emotion: str, held_s: float, said: Mapping[str, str]) -> str:
    """The mood in words; ``said`` has the label of each source by name, ``held_s`` is how long the mood has lasted."""
    if emotion == NONE:
        return "no mood, no source says anything"  # retained and not renewed, so a duration would go stale
    sources = {_SPOKEN.get(name, name): label for name, label in said.items()}
    with_it = [name for name, label in sources.items() if label == emotion]
    others = [f"{name} {_verb(name)} {label or 'nothing clear'}" for name, label in sources.items() if label != emotion]
    parts = [f"{emotion} for {duration(held_s)}"]
    if emotion == UNCERTAIN:
        parts[0] = f"uncertain for {duration(held_s)}"
    elif len(with_it) > 1:
        parts.append(f"{_listed(with_it)} agree")
    elif with_it and others:
        parts.append(f"{with_it[0]} {_verb(with_it[0])} so")
    elif with_it:
        parts.append(f"by {with_it[0]} alone")
    return ", ".join([*parts, *others])


def duration(seconds: float) -> str:
    """In seconds, minutes or hours, without decimals."""
    if seconds < _FROM_MINUTES_S:
        return f"{seconds:.0f} s"
    if seconds < _FROM_HOURS_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{seconds / _HOUR_S:.0f} h"


def _verb(name: str) -> str:
    return "say" if name == "words" else "says"


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
