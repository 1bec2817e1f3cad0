"""The table of text models: both of them on the same test sentences, several seeds in one row.

measured text models ──those that differ by their seed alone──► a row of means and ranges ──► Markdown
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from convert.card.tables import share, table

_SETS = {
    "goemotions": "GoEmotions, test",
    "goemotions, words alone": "the same, without marks and capitals",
    "meld": "MELD, test",
}
_NOTE = (
    "UAR and ECE of scores for labels that count the same; macro-F1 under the prior of GoEmotions, as it is usually"
    " given. Seven labels, chance is 0.143. A sentence without evidence counts as missed. In brackets the"
    " range over seeds."
)


def text_table(models: Sequence[Mapping[str, Any]]) -> str:
    """A row for each model and set of sentences; models that differ by their seed alone are next to each other."""
    lines = []
    for (name, taught), group in groupby(models, itemgetter("model", "taught")):
        seeds = list(group)
        numbers = [str(one["training"]["seed"]) for one in seeds]
        title = f"{name}, seed{'s' * (len(seeds) > 1)} {', '.join(numbers)}, {taught}"
        for key, sentences in _SETS.items():
            rows = [one["rows"][key] for one in seeds if key in one["rows"]]
            if rows:
                columns = {
                    "macro-F1": [row["own_prior"]["macro_f1"] for row in rows],
                    "UAR": [row["scores"]["uar"] for row in rows],
                    "ECE": [row["scores"]["ece"] for row in rows],
                }
                missing = sum(row["scores"]["no_evidence"] for row in rows) / len(rows)
                lines.append([title, sentences, *map(_mean, columns.values()), f"{missing:.1%}"])
    return f"{table(['model', 'sentences', 'macro-F1', 'UAR', 'ECE', 'no evidence'], lines)}\n\n{_NOTE}"


def _mean(values: Sequence[float]) -> str:
    """The mean, and of several the lowest and the highest."""
    mean = share(sum(values) / len(values))
    return mean if len(values) == 1 else f"{mean} ({share(min(values))} to {share(max(values))})"
