"""A manifest to the model card that stands beside it.

    Manifest ──► README.md: intended use, data and licences, protocol, tables, limits

Every number comes from the manifest, or is cited from convert/LOG.md.  The sentences that rate the numbers are chosen
by them, in either direction.
"""

from collections.abc import Mapping
from typing import Any

from convert.card.gate.section import section as gate_section
from convert.card.goals_section import goals_section
from convert.card.models_section import encoder_note, int8_note, models_section
from convert.card.report import sections
from convert.card.robustness_section import CONDITIONS
from convert.card.tables import table, title
from convert.gate.recipe import SOURCES
from edged.errors import UsageError
from edged.models.bundle import Manifest

NEEDED = ("rows", "adaptation", "robustness", "stream")  # metrics without which there is no card
_N_WORST = 3  # conditions that the limits name
_TIE = 0.005  # a smaller difference of UAR counts as none
USE = """\
## Intended use

It estimates how a voice sounds, not what a person feels. It is meant for the person who installed the sensor: research,
art, care at home with the consent of everyone whose voice is heard, one's own automations. Only labels and scores leave
the device.
"""
NOT_FOR = """\
## Not to be used for

- Inferring the emotions of people at work or in education. The European Union prohibits this (Regulation (EU)
  2024/1689, the AI Act, Article 5(1)(f)), except for the medical and safety reasons that the Act names.
- Decisions about a person: hiring, credit, insurance, policing, migration, custody, diagnosis.
- Listening to people who do not know about it. Where the use is allowed, the Act's transparency duties (Article 50(3))
  apply.

An acted label is not a feeling.
"""
_ACTED = "The numbers below are for actors; people at home act less."
_CREMAD_NOTE = """ CREMA-D is made available under the Open Database License
(<http://opendatacommons.org/licenses/odbl/1.0/>), its contents under the Database Contents License. Whoever publishes
something made from the database must say so, as this note does; an adapted database must be shared alike."""
_PROTOCOL = """\
No speaker is in more than one of training, validation and test (`convert/data/splits`). Epochs, temperatures, weights
and the default routing were chosen on validation speakers. The score of a clip longer than a window is the mean over
windows every 0.496 s from its first sample on. UAR is the mean recall over the labels that occur. Intervals are 95 %,
by bootstrap over speakers. Corpora that were never trained on are tested on all of their speakers."""
_CHOSEN_WITH = """ The rules and settings of the adaptation, and the
temperatures, were chosen on these and on EMOVO, which no model was trained on: the rows of EMOVO are no test."""
_SVM_NOTE = """
`SVM, DCT`: a support vector machine on 13 DCT coefficients of the stored log-mel and their deltas, summarised over the
clip, trained on the same speakers of all corpora. `SVM, MFCC`: the same on MFCC from python_speech_features, trained
only on the corpora of the recipe that came as sound (CREMA-D often comes as log-mel only)."""


def card(manifest: Manifest) -> str:
    """The text of the card.

    Raises:
        UsageError: the bundle was not made by ``convert``, or its metrics are those of another version.
    """
    if "command" not in manifest.training:
        raise UsageError("bundle.json: training has no command, expected a bundle that convert made")
    prove_whole(manifest.metrics, "bundle.json")
    parts = sections(manifest.metrics)
    text = [
        f"# Bundle `{manifest.name}` {manifest.version}",
        _origin(manifest),
        USE,
        f"{NOT_FOR.strip()} {_ACTED}",
        _material(manifest),
        models_section(manifest),
        _results(manifest, parts["uar"]),
        _verdict(manifest),
        goals_section(manifest.name, manifest.metrics),
        *(part for name, part in parts.items() if name != "uar"),
        _gate(manifest),
        _limits(manifest),
    ]
    return "\n\n".join(part.strip() for part in text if part) + "\n"


def prove_whole(metrics: Mapping[str, Any], file: str) -> None:
    """Refuses the metrics of another version, which ``file`` may hold: the card would lack sections.

    Raises:
        UsageError: some are absent.
    """
    absent = [part for part in NEEDED if part not in metrics]
    if absent:
        raise UsageError(
            f"{file}: no {', '.join(absent)}, expected metrics of this version: python -m convert evaluate"
        )


def _origin(manifest: Manifest) -> str:
    made = "Five full-integer int8 models and the routes between them."
    if manifest.trunk:
        made = "A trunk, five models on its features, and the routes between them; features adapt to a place."
    return (
        f"{made} Labels: {', '.join(manifest.labels)}. Made on"
        f" {manifest.created} by `{manifest.training['command']}` at commit `{manifest.training['commit']}`;"
        f" {_evaluated(manifest)}this card was written by `convert/card/card.py`."
        f"{manifest.training.get('note', '')}"
    )


def _evaluated(manifest: Manifest) -> str:
    """When the models, or parts of the metrics, were evaluated later than they were made."""
    later = manifest.metrics.get("evaluated")
    parts = [("evaluated again", later)] if later else []
    parts += [(f"{name} measured", part) for name, part in manifest.metrics.get("parts", {}).items()]
    return "".join(
        f"{what} on {part['at']} by `{part['command']}` at commit `{part['commit']}`; " for what, part in parts
    )


def _material(manifest: Manifest) -> str:
    corpora: dict[str, Any] = manifest.training["corpora"]
    rows = [
        [
            title(name),
            ", ".join(f"{side} {count}" for side, count in corpus["clips"].items()),
            corpus["licence"],
            corpus["cite"],
        ]
        for name, corpus in corpora.items()
    ]
    speakers = [
        f"- {title(name)}, {side}: {', '.join(names)}"
        for name, corpus in corpora.items()
        for side, names in corpus["speakers"].items()
    ]
    return "\n".join(
        [
            "## Data and licences\n",
            table(["corpus", "clips", "licence", "cite"], rows),
            f"\nLicence of this bundle: {manifest.licence}.",
            "The models contain no recording." + (_CREMAD_NOTE if "cremad" in corpora else ""),
            *_augmented_copies(manifest.training["recipe"]),
            *encoder_note(manifest.training),
            "\nSpeakers, each on one side only:\n",
            *speakers,
        ]
    )


def _augmented_copies(recipe: Mapping[str, Any]) -> list[str]:
    """How many, and whose sounds are mixed into them."""
    if not recipe.get("augmented_copies"):
        return []
    count = recipe["augmented_copies"]
    return [
        f"\nTrained on each clip and on {count} augmented copies of it, with these sounds mixed in:\n",
        *(f"- {name}: {SOURCES[name]}" for name in ("esc10", "noise")),
    ]


def _results(manifest: Manifest, clips_table: str) -> str:
    runtimes = manifest.metrics["runtimes"]
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    chosen_with = _CHOSEN_WITH if manifest.adaptation else ""
    return "\n".join(
        [
            "## Metrics\n",
            f"{_PROTOCOL}{chosen_with} Seed {manifest.metrics['seed']}; {_kind(manifest)}\n",
            clips_table,
            _SVM_NOTE,
            *int8_note(manifest),
            f"\nOn {runtimes['windows']} windows the runtimes {' and '.join(runtimes['compared'])} differ by at most",
            f"{max(runtimes['quanta_apart'].values())}/256 in any score. Made with {versions}.",
        ]
    )


def _kind(manifest: Manifest) -> str:
    if manifest.trunk:
        return "with the files of the bundle, as they run on a device."
    return "int8 unless a column says float."


def _verdict(manifest: Manifest) -> str:
    default = manifest.routes.default
    lines = ["## Is the cascade worth it?\n"]
    for name, row in manifest.metrics["rows"].items():
        cascade, first = row[default]["uar"], row["first"]["uar"]
        gain = cascade - first
        word = "ties with" if abs(gain) < _TIE else "beats" if gain > 0 else "loses to"
        points = "" if abs(gain) < _TIE else f" by {abs(gain) * 100:.1f} points"
        verdict = f"the cascade ({default}, {cascade:.3f}) {word} M1 alone ({first:.3f}){points}."
        lines.append(f"- {title(name)}: {verdict}{_best_alternative(manifest, name, cascade)}")
    return "\n".join(lines)


def _best_alternative(manifest: Manifest, name: str, cascade: float) -> str:
    """The best of the alternatives, whether or not it beats the cascade."""
    alternatives = manifest.metrics.get("alternatives", {})
    uars = {text: other["rows"][name]["uar"] for text, other in alternatives.items() if name in other["rows"]}
    if not uars:
        return ""
    best = max(uars, key=lambda text: uars[text])
    word = "beats" if uars[best] >= cascade + _TIE else "does not beat"
    return f" The best alternative, {best} ({uars[best]:.3f}), {word} the cascade."


def _gate(manifest: Manifest) -> str:
    if manifest.gate is None:
        return ""
    return gate_section(manifest.gate, manifest.training["gate"], manifest.metrics["gate"])


def _limits(manifest: Manifest) -> str:
    unseen = {name: row for name, row in manifest.metrics["rows"].items() if row.get("never_trained")}
    uars = ", ".join(f"{title(name)} {row[manifest.routes.default]['uar']:.3f}" for name, row in unseen.items())
    lines = [
        "## Limits\n",
        "- The corpora are acted, and were recorded in quiet rooms as short clips.",
        "- Children, many accents and most languages are missing.",
        "- Rows with two or three speakers say little, whatever their interval.",
        "- The numbers are for the clips that were available, not for the complete corpora.",
    ]
    if uars:
        lines.append(f"- In a new home, expect results closer to the corpora that were never trained on: {uars}.")
    lines += _worst_conditions(manifest)
    return "\n".join(lines)


def _worst_conditions(manifest: Manifest) -> list[str]:
    """The conditions that cost most, by corpus."""
    lines = []
    for name, group in manifest.metrics["robustness"].items():
        by_condition = {key: row[manifest.routes.default]["uar"] for key, row in group["rows"].items()}
        clean = by_condition["clean"]
        worst = sorted((uar, key) for key, uar in by_condition.items() if uar < clean)[:_N_WORST]
        drops = ", ".join(f"{CONDITIONS[key]} ({uar:.3f})" for uar, key in worst)
        if drops:
            lines.append(f"- {title(name)} ({clean:.3f} as recorded) drops most under: {drops}.")
    return lines
