"""All metrics of an evaluation as text: sections of the card, and what a command prints.

metrics ──► Markdown, one section for each kind of metrics
"""

from collections.abc import Mapping
from typing import Any

from convert.card.adaptation_section import adaptation_section
from convert.card.clip_tables import (
    confidence_table,
    default_routing,
    gender_table,
    recall_table,
    task_table,
    uar_table,
)
from convert.card.comparison_tables import alternatives_section, heads_section, seeds_section
from convert.card.protocols_section import protocols_section
from convert.card.robustness_section import delivery_section, robustness_section
from convert.card.stream_section import stream_section

_CONFIDENCE = """\
ECE in 15 bins of the default routing's confidence: on whole clips without adaptation, and after 60 and 300 s of
adaptation to the speaker (70 % neutral, tested on the other half of the clips, five splits). The margin is the default
of `tracker.margin`. With the other defaults, a device says `uncertain` until the probability of an emotion, over all
windows so far, reaches `tracker.enter`.

![Accuracy by confidence](reliability.png)
"""
_TASKS = """\
UAR on the clips that have one of the model's labels (95 %), and of support vector machines (DCT) trained on the same
labels.
"""


def report(metrics: Mapping[str, Any], *, plots: bool = False) -> str:
    """Every section that ``metrics`` has numbers for; with links to plots if ``plots`` are beside the text."""
    text = "\n\n".join(part.strip() for part in sections(metrics).values() if part)
    if plots:
        return text
    return "\n".join(line for line in text.splitlines() if not line.startswith("!["))


def sections(metrics: Mapping[str, Any]) -> dict[str, str]:
    """By name, in the order of the card."""
    parts: dict[str, str] = {}
    rows, adaptation = metrics.get("rows"), metrics.get("adaptation", {})
    if rows:
        default = default_routing(rows)
        labels = list(dict.fromkeys(label for row in rows.values() for label in row[default]["recall"]))
        parts["uar"] = uar_table(rows)
        parts["alternatives"] = alternatives_section(rows, metrics.get("alternatives", {}))
        recalls = recall_table(rows, sorted(labels))
        parts["recalls"] = f"## Recall by label\n\n{recalls}\n\n![Confusion, true label by row](confusion.png)"
        parts["tasks"] = f"## Each model on its own task\n\n{_TASKS}\n{task_table(rows)}"
        parts["gender"] = f"## By gender\n\n{gender_table(rows)}"
        parts["confidence"] = f"## Confidence\n\n{_CONFIDENCE}\n{confidence_table(rows, adaptation)}"
    if metrics.get("robustness"):
        parts["robustness"] = robustness_section(metrics["robustness"])
    if metrics.get("delivery"):
        parts["delivery"] = delivery_section(metrics["delivery"])
    if adaptation:
        parts["adaptation"] = adaptation_section(adaptation)
    if metrics.get("stream"):
        parts["stream"] = stream_section(metrics["stream"])
    if metrics.get("runs"):
        parts["runs"] = seeds_section(metrics["runs"])
    if metrics.get("seeds"):
        parts["seeds"] = heads_section(metrics["seeds"])
    if metrics.get("protocols"):
        parts["protocols"] = protocols_section(metrics["protocols"])
    return parts
