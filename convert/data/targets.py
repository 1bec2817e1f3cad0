"""What the networks are asked to answer for each clip.

    clip ──what was meant, mixed with what listeners heard──► (n_labels,) shares, sum 1
    clip ──gender, level of acting──► targets of the heads that are cut off later

Listeners of CREMA-D agree with the intended emotion in 40 % of their answers: the votes say which confusions are in the
sound, and a network that learns them need not invent a difference that nobody hears.
"""

from collections.abc import Sequence

import numpy as np

from convert.corpora.clip import LABELS, Clip
from edged.features.logmel import Floats

_LEVEL_MEAN, _LEVEL_SPREAD, _LEVEL_MOST = 62.0, 13.0, 2.5  # of CREMA-D's voice levels, 0..100


def label_targets(clips: Sequence[Clip], labels: Sequence[str], intended_share: float, smoothing: float) -> Floats:
    """(n_clips, n_labels) shares.  Votes count among ``labels`` only; where there are none, the intention is all."""
    targets = np.zeros((len(clips), len(labels)), np.float32)
    for place, clip in enumerate(clips):
        heard = dict(zip(LABELS, clip.votes or (), strict=False))
        votes = np.array([heard.get(label, 0.0) for label in labels], np.float32)
        share = intended_share if votes.sum() > 0 else 1.0
        targets[place, labels.index(str(clip.label))] = share
        targets[place] += (1 - share) * votes / max(float(votes.sum()), 1.0)
    return (1 - smoothing) * targets + np.float32(smoothing / len(labels))


def head_targets(clips: Sequence[Clip]) -> Floats:
    """(n_clips, 4): female, gender known, level about its mean, level known."""
    rows = []
    for clip in clips:
        level = 0.0 if clip.level is None else (clip.level - _LEVEL_MEAN) / _LEVEL_SPREAD
        rows.append(
            (
                float(clip.gender == "female"),
                float(clip.gender in ("female", "male")),
                max(-_LEVEL_MOST, min(_LEVEL_MOST, level)),
                float(clip.level is not None),
            )
        )
    return np.array(rows, np.float32)
