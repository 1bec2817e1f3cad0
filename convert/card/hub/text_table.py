"""The table of text models: both of them on the same test sentences.

measured text models ──► Markdown
"""

from collections.abc import Mapping, Sequence
from typing import Any

from convert.card.tables import share, table

_SETS = {
    "goemotions": "GoEmotions, test",
    "goemotions, words alone": "the same, without marks and capitals",
    "meld": "MELD, test",
}
_NOTE = (
    "UAR and ECE of scores for labels that count the same; macro-F1 under the prior of GoEmotions, as it is usually"
    " given. Seven labels, chance is 0.143. A sentence without evidence counts as missed."
)


def text_table(models: Sequence[Mapping[str, Any]]) -> str:
    """A row for each model and set of sentences."""
    rows = []
    for model in models:
        for name, title in _SETS.items():
            if name not in model["rows"]:
                continue
            scores, own = model["rows"][name]["scores"], model["rows"][name]["own_prior"]
            cells = [share(own["macro_f1"]), share(scores["uar"]), share(scores["ece"])]
            rows.append([model["title"], title, *cells, f"{scores['no_evidence']:.1%}"])
    return f"{table(['model', 'sentences', 'macro-F1', 'UAR', 'ECE', 'no evidence'], rows)}\n\n{_NOTE}"
