"""What is known of a clip besides its label, as targets of further heads: gender, intensity, level, dimensions.

clips ──► {head: targets (n,)}, NaN where it is unknown; only heads that some clip of the training side has

Heads train the trunk, and are cut off afterwards.  Gender is one of them and is never published (README, Intended use).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from convert.corpora.clip import Clip
from edged.features.logmel import Floats

_GENDERS = {"female": 0.0, "male": 1.0}
_INTENSITIES = {"normal": 0.0, "strong": 1.0}


def _gender(clip: Clip) -> float | None:
    return _GENDERS.get(clip.gender)


def _intensity(clip: Clip) -> float | None:
    return _INTENSITIES.get(clip.intensity)


def _level(clip: Clip) -> float | None:
    return None if clip.level is None else clip.level / 100


def _of_scale(value: float | None) -> float | None:
    """IEMOCAP's scale of 1 to 5."""
    return None if value is None else (value - 1) / 4


HEADS: Mapping[str, Callable[[Clip], float | None]] = {
    "gender": _gender,
    "intensity": _intensity,
    "level": _level,
    "valence": lambda clip: _of_scale(clip.valence),
    "arousal": lambda clip: _of_scale(clip.arousal),
    "dominance": lambda clip: _of_scale(clip.dominance),
}


def present(clips: Sequence[Clip]) -> tuple[str, ...]:
    """The heads that ``clips`` can train: those of which two values occur."""
    values = {head: {of(clip) for clip in clips} - {None} for head, of in HEADS.items()}
    return tuple(head for head, found in values.items() if len(found) > 1)


def targets(clips: Sequence[Clip], heads: Sequence[str]) -> Floats:
    """(n, n_heads) in 0..1, NaN where it is unknown."""
    rows = [[np.nan if (value := HEADS[head](clip)) is None else value for head in heads] for clip in clips]
    return np.array(rows, np.float32).reshape(len(clips), len(heads))
