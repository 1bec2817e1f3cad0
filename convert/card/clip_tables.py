"""Rows of clips to tables in Markdown: figures, recalls, tasks, gender, confidence, and corpora fold by fold.

metrics["rows"], metrics["protocols"] ──► what the card and ``python -m convert evaluate`` and ``protocol`` print
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convert.card.tables import TITLES, interval, share, table
from convert.score.folds import pooled

_HEARD_S = ("0", "60", "300")
_MIXTURE = "neutral"
_NEVER = " (never trained on)"


def figures_table(rows: Mapping[str, Any]) -> str:
    """UAR by group of clips: the default routing, float, support vectors, WAR, ECE."""
    lines, default = [], _default(rows)
    for name, row in rows.items():
        chosen = row[default]
        low, high = chosen["uar_95"]
        rivals = row.get("baseline", {})
        lines.append(
            [
                TITLES.get(name, name) + (_NEVER if row.get("never_trained") else ""),
                f"{chosen['speakers']} / {chosen['clips']}",
                f"**{chosen['uar']:.3f}** ({low:.3f} to {high:.3f})",
                *(f"{row[way]['uar']:.3f}" for way in ("hard", "soft", "first")),
                share(row["float"][default]["uar"] if "float" in row else None),
                *(share(rivals[kind]["uar"] if kind in rivals else None) for kind in ("dct", "mfcc")),
                f"{chosen['war']:.3f}",
                f"{chosen['ece']:.3f}",
            ]
        )
    head = ["clips of", "speakers / clips", f"UAR ({default}, 95 %)", "hard", "soft", "M1 alone", f"float {default}"]
    return table([*head, "baseline DCT", "baseline MFCC", "WAR", "ECE"], lines)


def recall_table(rows: Mapping[str, Any], labels: Sequence[str]) -> str:
    """Recall by label, of the default routing and of the first model alone."""
    default = _default(rows)
    lines = [
        [TITLES.get(name, name), kind, *(share(row[way]["recall"].get(label)) for label in labels)]
        for name, row in rows.items()
        for way, kind in ((default, default), ("first", "M1 alone"))
    ]
    return table(["clips of", "by", *labels], lines)


def task_table(rows: Mapping[str, Any]) -> str:
    """Each model on its own task, support vectors on the same labels beside it."""
    tasks = list(dict.fromkeys(task for row in rows.values() for task in row["tasks"]))
    lines = []
    for name, row in rows.items():
        vectors = row.get("baseline", {})
        first = next(iter(row["tasks"]), None)
        cells = []
        for task in tasks:
            own = row["tasks"].get(task)
            rival = vectors.get("dct" if task == first else f"dct {task}")
            beside = f" / {rival['uar']:.3f}" if rival else ""
            cells.append("-" if own is None else interval(own) + beside)
        lines.append([TITLES.get(name, name), *cells])
    return table(["clips of", *tasks], lines)


def gender_table(rows: Mapping[str, Any]) -> str:
    """UAR by gender, with intervals."""
    default = _default(rows)
    lines = []
    for name, row in rows.items():
        for gender, own in row["gender"].items():
            cells = [interval(own[way]) for way in (default, "first")]
            lines.append([TITLES.get(name, name), gender, f"{own['speakers']} / {own['clips']}", *cells])
    return table(["clips of", "gender", "speakers / clips", f"UAR ({default}, 95 %)", "M1 alone (95 %)"], lines)


def confidence_table(rows: Mapping[str, Any], heard: Mapping[str, Any]) -> str:
    """ECE without a baseline and after so many seconds, and what the margin costs."""
    lines = []
    for name, row in rows.items():
        errors = heard.get(name, {}).get("ece", {}).get(_MIXTURE, {})
        unsure = row["uncertain"]
        lines.append(
            [
                TITLES.get(name, name),
                f"{row[row['default']]['ece']:.3f}",
                *(share(errors.get(mark)) for mark in _HEARD_S[1:]),
                f"{unsure['share']:.1%}",
                f"{share(unsure.get('right_uncertain'))} / {share(unsure.get('right_else'))}",
            ]
        )
    head = ["clips of", "ECE", *(f"after {mark} s" for mark in _HEARD_S[1:])]
    return table([*head, "lead below the margin", "right answers below it / else"], lines)


def protocols_table(found: Mapping[str, Any]) -> str:
    """Corpora whose every speaker was tested once, fold by fold."""
    lines = []
    for name, protocol in found.items():
        for row, figures in pooled(protocol["folds"]).items():
            folds = figures["folds"]
            spread = f" ± {np.std(folds, ddof=1):.3f}" if len(folds) > 1 else ""
            lines.append(
                [
                    f"{TITLES.get(name, name)}, {row}",
                    f"{figures['speakers']} / {figures['clips']}",
                    interval(figures),
                    f"{len(folds)} of {protocol['of']}",
                    f"{np.mean(folds):.3f}{spread}",
                    " ".join(f"{fold:.3f}" for fold in folds),
                ]
            )
    return table(["clips of", "speakers / clips", "UAR (95 %)", "folds", "mean ± sd of folds", "each"], lines)


def _default(rows: Mapping[str, Any]) -> str:
    return str(next(iter(rows.values()))["default"])
