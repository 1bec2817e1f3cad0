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
    protocols_table,
    recall_table,
    task_table,
    uar_table,
)
from convert.card.comparison_tables import alternatives_section, heads_section, seeds_section
from convert.card.robustness_section import delivery_section, robustness_section
from convert.card.stream_section import stream_section
from convert.card.tables import title

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
_PROTOCOLS = """\
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
_HEAD_PROTOCOLS = """\
Each speaker of a corpus is tested once, by a head on the trunk that was never trained on that speaker. The head has
M1's recipe. It is trained on each fold's other speakers and on the training speakers of EMO-DB (for CREMA-D), of
CREMA-D (for EMO-DB), or of both (for RAVDESS). The recipe was chosen on CREMA-D's and EMO-DB's validation speakers, and
how much a corpus' windows count on the validation speakers of all its folds; they are test speakers of other folds.
After 60 s: half of a speaker's clips are adapted to, 70 % neutral, the other half is tested, in three splits.
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
        parts["protocols"] = _protocols(metrics["protocols"])
    return parts


def _protocols(protocols: Mapping[str, Any]) -> str:
    commands = [
        f"- {title(name)}: `{protocol['command']}`, at "
        + ", ".join(f"`{commit}`" for commit in dict.fromkeys(fold["commit"] for fold in protocol["folds"].values()))
        + (f"; its windows count {protocol['weight']:g} times" if protocol.get("weight") else "")
        for name, protocol in protocols.items()
    ]
    of_heads = all({"--heads", "large"} & set(protocol["command"].split()) for protocol in protocols.values())
    text = _HEAD_PROTOCOLS if of_heads else _PROTOCOLS
    return "\n".join(["## Whole corpora, fold by fold\n", text, protocols_table(protocols), "", *commands])
