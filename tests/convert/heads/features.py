"""Made-up features of speakers whose voices are far apart and whose emotions are the same everywhere."""

import numpy as np

from convert.corpora.clip import LABELS, Clip
from convert.recipes.spec import HeadsSpec
from convert.train.heads.window_features import WindowFeatures

N = 24
FEW = HeadsSpec(hidden=16, hidden_after=8, members=2, epochs=12, batch=32, learning_rate=5e-3, dropout=0.1, versions=1)


def clips(speakers: int, each: int, first: int = 0) -> list[Clip]:
    """``each`` clips of every label of so many speakers."""
    return [
        Clip(
            id=f"{speaker}-{label}-{number}",
            corpus="cremad",
            speaker=f"s{speaker}",
            gender="",
            emotion=label,
            label=label,
        )
        for speaker in range(first, first + speakers)
        for label in LABELS
        for number in range(each)
    ]


def features(speakers: int, each: int = 6, *, first: int = 0, apart: float = 4.0) -> WindowFeatures:
    """A window a clip: emotion, plus the speaker's voice at a distance of ``apart``, plus noise."""
    made = clips(speakers, each, first)
    emotions = np.random.default_rng(100).normal(0, 1, (len(LABELS), N))
    rows = []
    for number, clip in enumerate(made):
        voice = np.random.default_rng(int(clip.speaker[1:])).normal(0, apart, N)
        noise = np.random.default_rng(10_000 + 1000 * first + number).normal(0, 0.3, N)
        rows.append(emotions[LABELS.index(str(clip.label))] + voice + noise)
    return WindowFeatures(np.array(rows, np.float32), np.arange(len(made)), made, 0)
