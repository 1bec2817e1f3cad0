"""All figures of an evaluation as text: the sections of the card that tell them, and what a command prints.

metrics ──► Markdown, a section for each kind of figures that is there
"""

from collections.abc import Mapping
from typing import Any

from convert.card.clip_tables import (
    confidence_table,
    figures_table,
    gender_table,
    protocols_table,
    recall_table,
    task_table,
)
from convert.card.stream_section import section as stream_section
from convert.card.tables import TITLES, heard_tables
from convert.evaluate import robustness
from convert.evaluate.alternatives import origins, ways_table
from convert.evaluate.seeds import seeds_table

_CONFIDENCE = """\
ECE in 15 bins of the default routing's confidence, on whole clips without a baseline, and as the device has it after it
has heard so many seconds of the speaker (70 % neutral, the judged half of the clips, five trials). The margin is
what `tracker.margin` has by default; by the other defaults a device says `uncertain` until a mood's probability, after
all windows so far, reaches `tracker.enter`.

![How often an answer of so much confidence is right](reliability.png)
"""
_WAYS = """\
All on the same clips. `top-3`: the true label is among the three greatest scores.
"""
_TASKS = """\
UAR on the clips that have one of its labels (95 %), and of support vectors (DCT) trained on these labels alone.
"""
_PROTOCOLS = """\
Every speaker of a corpus is tested once, int8, by a network of M1's design and recipe that never heard them. CREMA-D:
trained from nothing on each fold's other speakers and on EMO-DB. RAVDESS: a network of the default's corpora, EMO-DB:
one of the three others of `research`, neither taught nor given copies, tuned on each fold's other speakers and on some
of those it knew. A fold's epoch is chosen on speakers who are neither trained on nor tested. The standard deviation
over folds is that of people as well as of training. CREMA-D's fold 0 tests the speakers of the tables above; fold 1
tests, beside eight others, the validation speakers, and folds 2 to 4 the training speakers on whom the recipe was
developed: no fold's network heard its own test speakers, but the recipe has been chosen with theirs in sight. From
where RAVDESS and EMO-DB are tuned, and for how long, was chosen by the mean of all folds' validation, whose speakers
other folds test.
"""


def report(metrics: Mapping[str, Any], *, pictures: bool = False) -> str:
    """Every section that ``metrics`` has figures for; with links to the ``pictures`` where they stand beside it."""
    text = "\n\n".join(part.strip() for part in sections(metrics).values() if part)
    if pictures:
        return text
    return "\n".join(line for line in text.splitlines() if not line.startswith("!["))


def sections(metrics: Mapping[str, Any]) -> dict[str, str]:
    """By title, in the order of the card."""
    found: dict[str, str] = {}
    rows, heard = metrics.get("rows"), metrics.get("heard", {})
    if rows:
        default = next(iter(rows.values()))["default"]
        labels = list(dict.fromkeys(label for row in rows.values() for label in row[default]["recall"]))
        found["figures"] = figures_table(rows)
        rivals = metrics.get("rivals", {})
        found["ways"] = f"## The cascade and its rivals\n\n{_WAYS}\n{ways_table(rows, rivals)}\n{origins(rivals)}"
        recalls = recall_table(rows, sorted(labels))
        found["recalls"] = f"## Recall by label\n\n{recalls}\n\n![Confusion, true label by row](confusion.png)"
        found["tasks"] = f"## Each model on its own task\n\n{_TASKS}\n{task_table(rows)}"
        found["gender"] = f"## By gender\n\n{gender_table(rows)}"
        found["confidence"] = f"## Confidence\n\n{_CONFIDENCE}\n{confidence_table(rows, heard)}"
        if metrics.get("robust"):
            found["robust"] = f"## Worse conditions\n\n{robustness.tables(metrics['robust'], default)}"
    if heard:
        picture = "![UAR by seconds heard](baseline.png)"
        found["heard"] = f"## After the device has heard a speaker\n\n{heard_tables(heard)}\n\n{picture}"
    if metrics.get("stream"):
        found["stream"] = stream_section(metrics["stream"])
    if metrics.get("runs"):
        found["runs"] = f"## Other seeds\n\n{seeds_table(metrics['runs'])}"
    if metrics.get("protocols"):
        made = [
            f"- {TITLES.get(name, name)}: `{own['command']}`, at "
            + ", ".join(f"`{commit}`" for commit in dict.fromkeys(fold["commit"] for fold in own["folds"].values()))
            for name, own in metrics["protocols"].items()
        ]
        text = [_PROTOCOLS, protocols_table(metrics["protocols"]), "", *made]
        found["protocols"] = "## Whole corpora, fold by fold\n\n" + "\n".join(text)
    return found
