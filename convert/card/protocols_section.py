"""Corpora whose every speaker was tested once, fold by fold.

metrics["protocols"] ──► a section of the card, and the table that ``python -m convert protocol`` prints
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from convert.card.tables import interval, table, title
from convert.score.folds import pooled

_WIDTH = 120
_NETWORKS = """\
{names}: each speaker is tested once, int8, by a network with M1's design and recipe that was never trained on that
speaker. Each fold's epoch was chosen on speakers who are neither in its training nor in its test set. The standard
deviation over folds includes differences between speakers as well as between trainings. No network was trained on its
own test speakers, but the recipe was chosen with those speakers in view."""
_STARTED = """\
fine-tuned on each fold's other speakers and on some of its original clips. It is undistilled and trained without
augmented copies. It was chosen, and the length of the fine-tuning, by the mean validation result of all folds; those
validation speakers are test speakers in other folds."""
_NETWORK_OF = {
    "cremad": """\
- CREMA-D: trained from scratch on each fold's other speakers and on EMO-DB. Fold 0 tests the speakers of the tables
above, fold 1 the validation speakers and eight others; folds 2 to 4 test training speakers, on whom the recipe was
developed.""",
    "emodb": f"- EMO-DB: a network of the three other corpora of `research`, {_STARTED}",
    "ravdess": f"- RAVDESS: a network of the default recipe's corpora, {_STARTED}",
}
_HEADS = """\
{names}: each speaker is tested once, by a head on the trunk that was never trained on that speaker. The head has M1's
recipe. It is trained on each fold's other speakers and on the training speakers of {others}. The recipe was chosen on
CREMA-D's and EMO-DB's validation speakers, and how much a corpus' windows count on the validation speakers of all its
folds; they are test speakers of other folds."""
HEADS_OTHERS = {"cremad": ("emodb",), "emodb": ("cremad",), "ravdess": ("cremad", "emodb")}  # trained on beside it
_TRUNKS = """\
{names}: trunk, statistics and heads are trained anew for each fold, int8, by the recipe of the commit below. Fold 0 has
the committed split: it was the shipped bundle then. The other folds have the recipe `small-undistilled`: their trunk
starts from a network without teachers, which halves the time of a training.{pairs} Nothing was chosen on a fold, but
the recipe was chosen on the committed validation speakers, whom fold 1 tests, and with those of all folds in view."""
_PAIRS = " EMO-DB's speakers are left out in pairs."
_AFTER = "after 60 s"
_ADAPTED = """\
After 60 s: half of a speaker's clips are adapted to, 70 % neutral, the other half is tested, in three splits."""


def protocols_section(protocols: Mapping[str, Any]) -> str:
    """The table, with how its rows were trained and their commands."""
    by_name = dict(sorted(protocols.items()))
    corpora: dict[Callable[[list[str]], list[str]], list[str]] = {}
    for name, protocol in by_name.items():
        corpora.setdefault(_way(protocol["command"]), []).append(name)
    texts = [text for way, names in corpora.items() for text in way(names)]
    rows = [row for protocol in by_name.values() for row in next(iter(protocol["folds"].values()))["rows"]]
    if any(row.endswith(_AFTER) for row in rows):
        texts.append(_ADAPTED)
    commands = [
        f"- {title(name)}: `{protocol['command']}`, at "
        + ", ".join(f"`{commit}`" for commit in dict.fromkeys(fold["commit"] for fold in protocol["folds"].values()))
        + (f"; its windows count {protocol['weight']:g} times" if protocol.get("weight") else "")
        for name, protocol in by_name.items()
    ]
    lines = [f"{_filled(text)}\n" for text in texts]
    return "\n".join(["## Whole corpora, fold by fold\n", *lines, protocols_table(by_name), "", *commands])


def _way(command: str) -> Callable[[list[str]], list[str]]:
    """What says how the folds of ``command`` were trained."""
    words = command.split()
    if "--trunks" in words:
        return _of_trunks
    return _of_heads if {"--heads", "large"} & set(words) else _of_networks


def _of_networks(names: list[str]) -> list[str]:
    return [_NETWORKS.format(names=_listed(names)), *(_NETWORK_OF[name] for name in names if name in _NETWORK_OF)]


def _of_heads(names: list[str]) -> list[str]:
    others = [_listed(HEADS_OTHERS[name]) for name in names]
    if len(names) > 1:
        others = [f"{other} (for {title(name)})" for name, other in zip(names, others, strict=True)]
    return [_HEADS.format(names=_listed(names), others=", of ".join(others))]


def _of_trunks(names: list[str]) -> list[str]:
    return [_TRUNKS.format(names=_listed(names), pairs=_PAIRS if "emodb" in names else "")]


def _listed(names: Sequence[str]) -> str:
    """``A, B and C``."""
    *most, last = map(title, names)
    return f"{', '.join(most)} and {last}" if most else last


def _filled(text: str) -> str:
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(text, _WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)


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
