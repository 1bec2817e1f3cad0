"""Corpora whose every speaker was tested once, fold by fold.

metrics["protocols"] ──► a section of the card, and the table that ``python -m convert protocol`` prints
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from convert.card.tables import interval, table, title
from convert.score.folds import pooled

_NETWORKS = """\
Each speaker of a corpus is tested once, int8, by a network with M1's design and recipe that was never trained on that
speaker.

- CREMA-D: trained from scratch on each fold's other speakers and on EMO-DB.
- RAVDESS: a network of the default recipe's corpora, fine-tuned on each fold's other speakers and on some of its
  original clips.
- EMO-DB: the same from a network of the three other corpora of `research`. Both starting networks are undistilled and
  trained without augmented copies.

Each fold's epoch was chosen on speakers who are neither in its training nor in its test set. The standard deviation
over folds includes differences between speakers as well as between trainings. CREMA-D's fold 0 tests the speakers of
the tables above. Fold 1 tests the validation speakers and eight others; folds 2 to 4 test training speakers, on whom
the recipe was developed. No network was trained on its own test speakers, but the recipe was chosen with those speakers
in view. The starting networks of RAVDESS and EMO-DB, and the length of the fine-tuning, were chosen by the mean
validation result of all folds; those validation speakers are test speakers in other folds.
"""
_HEADS = """\
Each speaker of a corpus is tested once, by a head on the trunk that was never trained on that speaker. The head has
M1's recipe. It is trained on each fold's other speakers and on the training speakers of EMO-DB (for CREMA-D), of
CREMA-D (for EMO-DB), or of both (for RAVDESS). The recipe was chosen on CREMA-D's and EMO-DB's validation speakers, and
how much a corpus' windows count on the validation speakers of all its folds; they are test speakers of other folds.
After 60 s: half of a speaker's clips are adapted to, 70 % neutral, the other half is tested, in three splits.
"""
_TRUNKS = """\
CREMA-D and EMO-DB: trunk, statistics and heads are trained anew for each fold, int8, by the recipe of the commit below.
Fold 0 has the committed split: it was the shipped bundle then. The other folds have the recipe `small-undistilled`:
their trunk starts from a network without teachers, which halves the time of a training. EMO-DB's speakers are left out
in pairs. Nothing was chosen on a fold, but the recipe was chosen on the committed validation speakers, whom fold 1
tests, and with those of all folds in view. After 60 s: half of a speaker's clips are adapted to, 70 % neutral, the
other half is tested, in three splits.
"""


def protocols_section(protocols: Mapping[str, Any]) -> str:
    """The table, with how its rows were trained and their commands."""
    by_name = dict(sorted(protocols.items()))
    ways = dict.fromkeys(_way(protocol["command"]) for protocol in by_name.values())
    commands = [
        f"- {title(name)}: `{protocol['command']}`, at "
        + ", ".join(f"`{commit}`" for commit in dict.fromkeys(fold["commit"] for fold in protocol["folds"].values()))
        + (f"; its windows count {protocol['weight']:g} times" if protocol.get("weight") else "")
        for name, protocol in by_name.items()
    ]
    return "\n".join(["## Whole corpora, fold by fold\n", *ways, protocols_table(by_name), "", *commands])


def _way(command: str) -> str:
    """How the folds of ``command`` were trained."""
    words = command.split()
    if "--trunks" in words:
        return _TRUNKS
    return _HEADS if {"--heads", "large"} & set(words) else _NETWORKS


def protocols_table(protocols: Mapping[str, Any]) -> str:
    """Corpora whose every speaker was tested once, fold by fold."""
    lines = []
    for name, protocol in protocols.items():
        for row, metrics in pooled(protocol["folds"]).items():
            folds = metrics["folds"]
            spread = f" ± {np.std(folds, ddof=1):.3f}" if len(folds) > 1 else ""
            lines.append(
                [
                    f"{title(name)}, {row}",
                    f"{metrics['speakers']} / {metrics['clips']}",
                    interval(metrics),
                    f"{len(folds)} of {protocol['of']}",
                    f"{np.mean(folds):.3f}{spread}",
                    " ".join(f"{fold:.3f}" for fold in folds),
                ]
            )
    return table(["clips of", "speakers / clips", "UAR (95 %)", "folds", "mean ± sd of folds", "each"], lines)
