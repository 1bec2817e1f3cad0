"""Rows of clips to tables in Markdown: UAR, recalls, tasks, gender, confidence.

metrics["rows"] ──► what the card and ``python -m convert evaluate`` print
"""

from collections.abc import Mapping, Sequence
from typing import Any

from convert.card.tables import interval, share, table, title

_ADAPTED_S = ("60", "300")
_PRIOR = "neutral"
_NEVER = " (never trained on)"


def uar_table(rows: Mapping[str, Any]) -> str:
    """UAR by group of clips: the default routing, float where it was measured, support vector machines, WAR, ECE."""
    lines, default = [], default_routing(rows)
    floats = any("float" in row for row in rows.values())
    for name, row in rows.items():
        chosen = row[default]
        low, high = chosen["uar_95"]
        machines = row.get("svm", {})
        lines.append(
            [
                title(name) + (_NEVER if row.get("never_trained") else ""),
                f"{chosen['speakers']} / {chosen['clips']}",
                f"**{chosen['uar']:.3f}** ({low:.3f} to {high:.3f})",
                *(f"{row[way]['uar']:.3f}" for way in ("hard", "soft", "first")),
                *([share(row["float"][default]["uar"] if "float" in row else None)] if floats else []),
                *(share(machines[kind]["uar"] if kind in machines else None) for kind in ("dct", "mfcc")),
                f"{chosen['war']:.3f}",
                f"{chosen['ece']:.3f}",
            ]
        )
    head = ["clips of", "speakers / clips", f"UAR ({default}, 95 %)", "hard", "soft", "M1 alone"]
    head += [f"float {default}"] if floats else []
    return table([*head, "SVM, DCT", "SVM, MFCC", "WAR", "ECE"], lines)


def recall_table(rows: Mapping[str, Any], labels: Sequence[str]) -> str:
    """Recall by label, of the default routing and of the first model alone."""
    default = default_routing(rows)
    lines = [
        [title(name), kind, *(share(row[way]["recall"].get(label)) for label in labels)]
        for name, row in rows.items()
        for way, kind in ((default, default), ("first", "M1 alone"))
    ]
    return table(["clips of", "by", *labels], lines)


def task_table(rows: Mapping[str, Any]) -> str:
    """Each model on its own task, support vector machines on the same labels beside it."""
    tasks = list(dict.fromkeys(task for row in rows.values() for task in row["tasks"]))
    lines = []
    for name, row in rows.items():
        machines = row.get("svm", {})
        first = next(iter(row["tasks"]), None)
        cells = []
        for task in tasks:
            metrics = row["tasks"].get(task)
            machine = machines.get("dct" if task == first else f"dct {task}")
            beside = f" / {machine['uar']:.3f}" if machine else ""
            cells.append("-" if metrics is None else interval(metrics) + beside)
        lines.append([title(name), *cells])
    return table(["clips of", *tasks], lines)


def gender_table(rows: Mapping[str, Any]) -> str:
    """UAR by gender, with intervals."""
    default = default_routing(rows)
    lines = []
    for name, row in rows.items():
        for gender, group in row["gender"].items():
            cells = [interval(group[way]) for way in (default, "first")]
            lines.append([title(name), gender, f"{group['speakers']} / {group['clips']}", *cells])
    return table(["clips of", "gender", "speakers / clips", f"UAR ({default}, 95 %)", "M1 alone (95 %)"], lines)


def confidence_table(rows: Mapping[str, Any], adaptation: Mapping[str, Any]) -> str:
    """ECE without adaptation and after the given seconds of it, and what the margin costs."""
    lines = []
    for name, row in rows.items():
        errors = adaptation.get(name, {}).get("ece", {}).get(_PRIOR, {})
        unsure = row["uncertain"]
        lines.append(
            [
                title(name),
                f"{row[row['default']]['ece']:.3f}",
                *(share(errors.get(mark)) for mark in _ADAPTED_S),
                f"{unsure['share']:.1%}",
                f"{share(unsure.get('right_uncertain'))} / {share(unsure.get('right_else'))}",
            ]
        )
    head = ["clips of", "ECE", *(f"after {mark} s" for mark in _ADAPTED_S)]
    return table([*head, "lead below the margin", "accuracy below the margin / above"], lines)


def default_routing(rows: Mapping[str, Any]) -> str:
    """The routing that ``rows`` were measured with by default."""
    return str(next(iter(rows.values()))["default"])
