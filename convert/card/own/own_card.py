"""A manifest of a user's own bundle to the model card that stands beside it.

    Manifest ──► README.md: intended use, recordings, models and routes, folds by speaker, limits

Every number comes from the manifest.
"""

from collections.abc import Mapping
from typing import Any

from convert.card.card import NOT_FOR, USE
from convert.card.clip_tables import confidence_table, gender_table, recall_table
from convert.card.models_section import encoder_note, models_section
from convert.card.tables import interval, table
from edged.errors import counted
from edged.models.bundle import Manifest

_PROTOCOL = """\
Every speaker is tested once, by models that were trained on other speakers: fold by fold, the speakers of one block are
tested, those of another choose epochs, routes, temperatures, weights and the default routing, and the rest train. The
bundle itself was made in the same way, with nobody left out for a test, so the rows below are of its procedure, not of
its files. The score of a clip is the mean over its windows. UAR is the mean recall over the labels. Intervals are 95 %,
by bootstrap over speakers."""
_DIMENSIONS = """\
Numbers from 0 to 1 beside the labels, over the clips that say: Pearson's r, and concordance, which also counts a
difference in level or spread.
"""
_LIMITS = """\
## Limits

- The figures are for these speakers, rooms and microphones. Elsewhere expect less.
- With few speakers the intervals are wide, and the bootstrap makes them look narrower than they are.
- Recordings that were made in one room per label teach the room. Nothing here can tell.
- False episodes over long recordings and worse conditions are not measured for bundles of one's own."""


def own_card(manifest: Manifest) -> str:
    """The text of the card."""
    text = [
        f"# Bundle `{manifest.name}` {manifest.version}",
        _origin(manifest),
        USE,
        NOT_FOR,
        _recordings(manifest),
        models_section(manifest),
        _results(manifest),
        _LIMITS,
    ]
    return "\n\n".join(part.strip() for part in text if part) + "\n"


def own_report(manifest: Manifest) -> str:
    """What the command prints: the results alone."""
    lines = _results(manifest).splitlines()
    return "\n".join(line for line in lines if not line.startswith("!["))


def _cost(manifest: Manifest) -> str:
    """What a window costs where the bundle was made."""
    timed = ", ".join(f"{name} {ms:.2f} ms" for name, ms in manifest.metrics["window_ms"].items())
    what = "models on the trunk's features" if manifest.trunk else "models"
    return f"A window takes the {what} {timed} of a core here."


def _dimensions(rows: Mapping[str, Any]) -> str:
    lines = [[name, str(row["clips"]), f"{row['r']:.3f}", f"{row['concordance']:.3f}"] for name, row in rows.items()]
    return table(["dimension", "clips", "r", "concordance"], lines)


def _origin(manifest: Manifest) -> str:
    count = len(manifest.models)
    made = f"{count} models and the routes between them" if count > 1 else "One model"
    if manifest.trunk:
        size = manifest.training["recipe"]["name"].removeprefix("own-")
        made = f"The trunk of edged's bundle `{size}`, and {counted(count, 'model')} on its features"
    return (
        f"{made}, for the labels {', '.join(manifest.labels)}. Made on {manifest.created} by"
        f" `{manifest.training['command']}` at commit `{manifest.training['commit']}`."
    )


def _recordings(manifest: Manifest) -> str:
    (corpus,) = manifest.training["corpora"].values()
    labels: dict[str, Any] = corpus["labels"]
    rows = [[label, str(row["clips"]), str(row["speakers"])] for label, row in labels.items()]
    return "\n".join(
        [
            "## Recordings\n",
            f"{corpus['clips']} clips of {len(corpus['speakers'])} speakers. The models contain no recording.",
            f"Licence of this bundle: {manifest.licence}.\n",
            table(["label", "clips", "speakers"], rows),
            *encoder_note(manifest.training),
        ]
    )


def _results(manifest: Manifest) -> str:
    metrics = manifest.metrics
    rows = metrics["rows"]
    (row,) = rows.values()
    ways = {"chosen": "as chosen", "hard": "hard", "soft": "soft", "first": "M1 alone"}
    lines = [
        [text, interval(row[way]), f"{row[way]['war']:.3f}", f"{row[way]['top3']:.3f}", f"{row[way]['ece']:.3f}"]
        for way, text in ways.items()
    ]
    folds = [
        [
            str(number),
            ", ".join(fold["speakers"]),
            str(fold["clips"]),
            f"{fold['uar']:.3f}",
            fold["default"],
            "; ".join(", ".join(labels) for labels in list(fold["models"].values())[1:]) or "-",
            f"{fold['seconds']:.0f} s",
        ]
        for number, fold in enumerate(metrics["folds"])
    ]
    chosen, chance = row["chosen"], 1 / len(manifest.labels)
    measured = (
        f"Seed {metrics['seed']}; {chosen['clips']} clips of {chosen['speakers']} speakers; chance: {chance:.3f}."
    )
    parts = [
        "## Metrics\n",
        f"{_PROTOCOL} {measured}\n",
        table(["routing", "UAR (95 %)", "WAR", "top-3", "ECE"], lines),
        "\n### By label\n",
        recall_table(rows, list(manifest.labels)),
        "\n![Confusion, true label by row](confusion.png)",
        "\n### Fold by fold\n",
        table(["fold", "tested", "clips", "UAR", "default routing", "models after the first", "time"], folds),
        f"\nThe bundle's own training took {manifest.training['seconds']:.0f} s. {_cost(manifest)}",
        "\n### Confidence\n",
        confidence_table(rows, {}),
        "\n![Accuracy by confidence](reliability.png)",
    ]
    if metrics["dimensions"]:
        parts += ["\n### Dimensions\n", _DIMENSIONS, _dimensions(metrics["dimensions"])]
    if row["gender"]:
        parts += ["\n### By gender\n", gender_table(rows)]
    return "\n".join(parts)
