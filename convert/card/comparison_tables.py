"""Comparisons with the cascade: other models on the same clips, and other seeds of the recipe, or only of its heads.

metrics["rows"], metrics["alternatives"], metrics["runs"], metrics["seeds"] ──► Markdown
"""

from collections.abc import Mapping
from typing import Any

from convert.card.tables import interval, table, title

_WAYS = {"hard": "cascade, hard", "soft": "cascade, soft", "first": "M1 alone"}
_WORDS = {"all clips, as they come": "all clips, before adaptation", "ECE as they come": "ECE before adaptation"}
_HEADS = """\
M1's head, trained again with the seeds {seeds} on the bundle's trunk and statistics, its temperature chosen on
validation speakers and EMOVO each time: mean ± standard deviation. The trunk is that of one training. After 8 and 60 s:
70 % neutral, tested on the other half of a speaker's clips, as in the table of the adaptation.
"""
_ALTERNATIVES = """\
All models are tested on the same clips. `top-3`: the true label is among the three highest scores.
"""


def alternatives_section(rows: Mapping[str, Any], alternatives: Mapping[str, Any]) -> str:
    """The cascade's routings and its alternatives: UAR with interval, top-1, top-3 and ECE by group of clips."""
    lines = []
    for name, row in rows.items():
        ways = {text: row[way] for way, text in _WAYS.items()}
        ways |= {text: other["rows"][name] for text, other in alternatives.items() if name in other["rows"]}
        for text, metrics in ways.items():
            rates = [f"{metrics[key]:.3f}" for key in ("war", "top3", "ece")]
            lines.append([title(name), text, interval(metrics), *rates])
    ways_table = table(["clips of", "way", "UAR (95 %)", "top-1", "top-3", "ECE"], lines)
    return f"## The cascade and its alternatives\n\n{_ALTERNATIVES}\n{ways_table}\n{_commits(alternatives)}"


def seeds_section(runs: Mapping[str, Any]) -> str:
    """Mean ± standard deviation of UAR over several trainings."""
    columns = list(dict.fromkeys(column for row in runs["rows"].values() for column in row))
    rows = [[title(name), *(_cell(row.get(column)) for column in columns)] for name, row in runs["rows"].items()]
    names = ", ".join(f"`{name}`" for name in runs["runs"])
    text = f"UAR, mean ± standard deviation over the runs {names}."
    return f"## Other seeds\n\n{text}\n\n{table(['clips of', *columns], rows)}"


def heads_section(seeds: Mapping[str, Any]) -> str:
    """Mean ± standard deviation of UAR and ECE over several heads on one trunk."""
    columns = list(dict.fromkeys(column for row in seeds.values() for column in row))
    rows = [[title(name), *(_cell(row.get(column)) for column in columns)] for name, row in seeds.items()]
    words = [_WORDS.get(column, column) for column in columns]  # the keys are those of every stored bundle
    n_seeds = max(len(column["seeds"]) for row in seeds.values() for column in row.values())
    text = _HEADS.format(seeds=f"1 to {n_seeds}")
    return f"## Other seeds of the head\n\n{text}\n{table(['clips of', *words], rows)}"


def _commits(alternatives: Mapping[str, Any]) -> str:
    """The commit at which each alternative was evaluated; it may differ from the cascade's."""
    by_commit: dict[str, list[str]] = {}
    for name, other in alternatives.items():
        by_commit.setdefault(other["commit"], []).append(name)
    return "".join(f"\nEvaluated at `{commit}`: {', '.join(names)}." for commit, names in by_commit.items())


def _cell(column: Mapping[str, Any] | None) -> str:
    if column is None:
        return "-"
    return f"{column['mean']:.3f}" + ("" if column["sd"] is None else f" ± {column['sd']:.3f}")
