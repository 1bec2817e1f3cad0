"""Training targets of each clip.

    clip ──intended emotion, mixed with the listeners' votes──► (n_labels,) shares, sum 1
    clip ──gender, level of acting──► targets of the heads that are cut off later

CREMA-D's listeners agree with the intended emotion in 40 % of their votes.  The votes show which emotions sound alike:
a network that learns them need not separate emotions that no listener can.
"""

from collections.abc import Sequence

import numpy as np

from convert.corpora.clip import LABELS, Clip
from edged.features.logmel import Floats

_LEVEL_MEAN, _LEVEL_SPREAD, _MAX_LEVEL = 62.0, 13.0, 2.5  # of CREMA-D's voice levels, 0..100


def label_targets(clips: Sequence[Clip], labels: Sequence[str], intended_share: float, smoothing: float) -> Floats:
    """(n_clips, n_labels) shares.  Only votes for ``labels`` count; without votes the intended label has it all."""
    targets = np.zeros((len(clips), len(labels)), np.float32)
    for row, clip in enumerate(clips):
        by_label = dict(zip(LABELS, clip.votes or (), strict=False))
        votes = np.array([by_label.get(label, 0.0) for label in labels], np.float32)
        share = intended_share if votes.sum() > 0 else 1.0
        targets[row, labels.index(str(clip.label))] = share
        targets[row] += (1 - share) * votes / max(float(votes.sum()), 1.0)
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
                max(-_MAX_LEVEL, min(_MAX_LEVEL, level)),
                float(clip.level is not None),
            )
        )
    return np.array(rows, np.float32)
