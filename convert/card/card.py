"""A manifest to the model card that stands beside it.

    Manifest ──► README.md: what it is for and must not be used for, data and licences, protocol, tables, limits

Every figure comes from the manifest; the sentences that judge them are chosen by them, whichever way they fall.
"""

from typing import Any

from convert.card.gate_section import section
from convert.card.report import sections
from convert.card.tables import TITLES, table
from convert.evaluate.robustness import NAMES as CONDITIONS
from convert.gate.recipe import SOURCES
from edged.models.bundle import Manifest

_N_WORST = 3  # conditions that the limits name
_NOISE = 0.005  # a difference of UAR below this is called none
_USE = """\
## What it is for

It estimates how a voice sounds (not what a person feels) for the person who installed the sensor: research, art, care
at home with the consent of everyone who is heard, one's own automations. Only labels and scores leave the device.

## What it must not be used for

- Inferring the emotions of people at work or in education. In the European Union this is prohibited (Regulation (EU)
  2024/1689, the AI Act, Article 5(1)(f)), but for medical or safety reasons that the Act names.
- Decisions about a person: hiring, credit, insurance, policing, migration, custody, diagnosis.
- Listening to people who do not know of it. The Act's transparency duties (Article 50(3)) apply where it is allowed.

An acted label is not a feeling. The figures below are for actors; people at home act less.
"""

_CREMAD_NOTE = """ CREMA-D is made available under the Open Database License
(<http://opendatacommons.org/licenses/odbl/1.0/>), its contents under the Database Contents License: who publishes
something made from the database must say so, as this note does; an adapted database must be shared alike."""
_BASELINE_NOTE = """
`baseline DCT`: 13 DCT coefficients of the stored log-mel, deltas, their statistics over the clip, and support vectors,
trained on the same speakers of all corpora. `baseline MFCC`: the same with python_speech_features, trained only on the
corpora of the recipe whose sound was at hand (of CREMA-D often only log-mel is)."""


def card(manifest: Manifest) -> str:
    """The text of the card."""
    told = sections(manifest.metrics)
    parts = [
        f"# Bundle `{manifest.name}` {manifest.version}",
        _origin(manifest),
        _USE,
        _material(manifest),
        _models(manifest),
        _figures(manifest, told["figures"]),
        _verdict(manifest),
        *(part for name, part in told.items() if name != "figures"),
        _gate(manifest),
        _limits(manifest),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _origin(manifest: Manifest) -> str:
    return (
        f"Five full-integer int8 models and the routes through them: {', '.join(manifest.labels)}. Made on"
        f" {manifest.created} by `{manifest.training['command']}` at commit `{manifest.training['commit']}`;"
        f" {_evaluated(manifest)}`convert/card/card.py` wrote this."
    )


def _evaluated(manifest: Manifest) -> str:
    """When its figures are of another day than the models."""
    found = manifest.metrics.get("evaluated")
    if found is None:
        return ""
    return f"judged anew on {found['at']} by `{found['command']}` at commit `{found['commit']}`; "


def _material(manifest: Manifest) -> str:
    corpora: dict[str, Any] = manifest.training["corpora"]
    rows = [
        [
            TITLES.get(name, name),
            ", ".join(f"{side} {count}" for side, count in corpus["clips"].items()),
            corpus["licence"],
            corpus["cite"],
        ]
        for name, corpus in corpora.items()
    ]
    speakers = [
        f"- {TITLES.get(name, name)}, {side}: {', '.join(names)}"
        for name, corpus in corpora.items()
        for side, names in corpus["speakers"].items()
    ]
    return "\n".join(
        [
            "## Data and licences\n",
            table(["corpus", "clips", "licence", "cite"], rows),
            f"\nLicence of this bundle: {manifest.licence}.",
            "The models contain no recording." + (_CREMAD_NOTE if "cremad" in corpora else ""),
            *_copies(manifest.training["recipe"]),
            "\nSpeakers, each on one side only:\n",
            *speakers,
        ]
    )


def _copies(recipe: dict[str, Any]) -> list[str]:
    """What was done to the clips, and whose sounds it took."""
    if not recipe.get("copies"):
        return []
    return [
        f"\nTrained on clips and on {recipe['copies']} copies of each, as other rooms and microphones give it, over:\n",
        *(f"- {name}: {SOURCES[name]}" for name in ("esc10", "noise")),
    ]


def _models(manifest: Manifest) -> str:
    rows = [
        [
            name,
            ", ".join(model.labels),
            f"{model.parameters:,}",
            f"{model.multiply_adds / 1e6:.1f} M",
            f"{model.temperature:.2f}",
            f"{manifest.routes.soft.get(name, 0.0):.2f}",
            "{epoch} of {of}".format(**manifest.training["epochs"][name]),
        ]
        for name, model in manifest.models.items()
    ]
    head = [
        "model",
        "separates",
        "parameters",
        "multiply-adds a window",
        "temperature",
        "soft weight",
        "epoch kept (0: as it began)",
    ]
    found = manifest.metrics["validation_uar"]
    return "\n".join(
        [
            "## Models and routes\n",
            table(head, rows),
            f"\nThe default routing is **{manifest.routes.default}**, chosen on validation speakers. Their UAR:",
            f"{found['hard']:.3f} hard, {found['soft']:.3f} soft (weights fitted without the speaker who is judged),",
            f"{found['m1']:.3f} for M1 alone.",
        ]
    )


def _figures(manifest: Manifest, table_of_clips: str) -> str:
    runtimes = manifest.metrics["runtimes"]
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    return "\n".join(
        [
            "## Figures\n",
            f"{manifest.metrics['protocol']} Seed {manifest.metrics['seed']}; int8 unless a column says float.\n",
            table_of_clips,
            _BASELINE_NOTE,
            f"\nRuntimes {' and '.join(runtimes['compared'])} on {runtimes['windows']} windows are apart by",
            f"{max(runtimes['quanta_apart'].values())}/256 at most. Made with {versions}.",
        ]
    )


def _verdict(manifest: Manifest) -> str:
    default = manifest.routes.default
    lines = ["## Does the cascade earn its keep?\n"]
    for name, row in manifest.metrics["rows"].items():
        gain = row[default]["uar"] - row["first"]["uar"]
        word = "is no better and no worse than" if abs(gain) < _NOISE else "beats" if gain > 0 else "is worse than"
        points = "" if abs(gain) < _NOISE else f" by {abs(gain) * 100:.1f} points"
        lines.append(
            f"- {TITLES.get(name, name)}: the cascade ({default}, {row[default]['uar']:.3f}) {word} M1 alone"
            f" ({row['first']['uar']:.3f}){points}.{_best_rival(manifest, name, row[default]['uar'])}"
        )
    return "\n".join(lines)


def _best_rival(manifest: Manifest, name: str, cascade: float) -> str:
    """The one rival that a reader would ask for, whoever won."""
    rivals = manifest.metrics.get("rivals", {})
    uars = {rival: found["rows"][name]["uar"] for rival, found in rivals.items() if name in found["rows"]}
    if not uars:
        return ""
    best = max(uars, key=lambda rival: uars[rival])
    word = "beats" if uars[best] >= cascade + _NOISE else "does not beat"
    return f" Of its rivals the best, {best} ({uars[best]:.3f}), {word} the cascade."


def _gate(manifest: Manifest) -> str:
    if manifest.gate is None:
        return ""
    return section(manifest.gate, manifest.training["gate"], manifest.metrics["gate"])


def _limits(manifest: Manifest) -> str:
    strangers = {name: row for name, row in manifest.metrics["rows"].items() if row.get("never_trained")}
    told = ", ".join(
        f"{TITLES.get(name, name)} {row[manifest.routes.default]['uar']:.3f}" for name, row in strangers.items()
    )
    lines = [
        "## Limits\n",
        "- The corpora are acted, short, recorded in quiet rooms; children, many accents, most languages are absent.",
        "- Rows with two or three speakers say little, whatever their interval.",
        "- Figures are of the clips that were at hand, not of the whole corpora.",
    ]
    if told:
        lines.append(f"- What a new home may expect is nearer to the corpora that were never trained on: {told}.")
    lines += _worse(manifest)
    return "\n".join(lines)


def _worse(manifest: Manifest) -> list[str]:
    """What costs most of all conditions, by corpus."""
    found = []
    for name, group in manifest.metrics.get("robust", {}).items():
        by_condition = {key: row[manifest.routes.default]["uar"] for key, row in group["rows"].items()}
        clean = by_condition["clean"]
        worst = sorted((uar, key) for key, uar in by_condition.items() if uar < clean)[:_N_WORST]
        told = ", ".join(f"{CONDITIONS[key]} {uar:.3f}" for uar, key in worst)
        found.append(f"- {TITLES.get(name, name)} falls from {clean:.3f} furthest with {told}.")
    return found
