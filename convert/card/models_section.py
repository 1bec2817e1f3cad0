"""The card's section on trunk, models and routes, and the note on the encoder that the trunk was taken from.

manifest ──► Markdown
"""

from collections.abc import Mapping
from typing import Any

from convert.card.tables import table
from edged.models.bundle import Manifest

_INT8 = """
The trunk was not compared with a float one. Of an earlier bundle of edged, five int8 networks of M1's design, the float
networks were within 0.5 points of UAR (hard routing), except on EMO-DB's two speakers: 0.674, int8 0.628
(`convert/LOG.md`, `f7d0152`)."""
_INT8_WEIGHTS = """
The trunk's weights are int8, its sums float: a test holds the cosine of each whole layer's output with that of the
float encoder above 0.999. Their UAR was not compared."""


def models_section(manifest: Manifest) -> str:
    """Cost, temperature and weight of each model, and the default routing."""
    chosen = manifest.training["epochs"]
    rows = [
        [
            name,
            ", ".join(model.labels),
            f"{model.parameters:,}",
            f"{model.multiply_adds / 1e6:.1f} M",
            f"{model.temperature:.2f}",
            f"{manifest.routes.soft.get(name, 0.0):.2f}",
            *(["{epoch} of {of}".format(**chosen[name])] if chosen else []),
        ]
        for name, model in manifest.models.items()
    ]
    head = ["model", "labels", "parameters", "multiply-adds a window", "temperature", "soft weight"]
    uar = manifest.metrics["validation_uar"]
    return "\n".join(
        [
            "## Models and routes\n",
            *_trunk(manifest),
            table([*head, *(["best epoch (0: the starting weights)"] if chosen else [])], rows),
            f"\nThe default routing is **{manifest.routes.default}**, chosen on validation speakers. Their UAR:",
            f"{uar['hard']:.3f} hard, {uar['soft']:.3f} soft (weights fitted without the speaker under test),",
            f"{uar['m1']:.3f} for M1 alone.",
        ]
    )


def int8_note(manifest: Manifest) -> list[str]:
    """What is known of the cost of int8 where no row has the networks in float: of a trunk nothing else is kept."""
    if manifest.trunk is None:
        return []
    return [_INT8_WEIGHTS if "licence" in (manifest.training.get("encoder") or {}) else _INT8]


def encoder_note(training: Mapping[str, Any]) -> list[str]:
    """Whose encoder the trunk is, with the licence of the file that it was taken from, or whose encoder taught it."""
    encoder = training.get("encoder")
    if not encoder:
        return []
    if "licence" not in encoder:
        return [f"\n{encoder['notice']}"]
    return [
        f"\n{encoder['notice']} The licence that comes with the package:\n",
        "```",
        encoder["licence"].strip(),
        "```",
    ]


def _trunk(manifest: Manifest) -> list[str]:
    trunk, adaptation = manifest.trunk, manifest.adaptation
    if trunk is None:
        return []
    lines = [
        (
            f"The trunk has {trunk.parameters:,} parameters and takes {trunk.multiply_adds / 1e6:.0f} M multiply-adds a"
            f" window. The mean and the spread of its {trunk.width} outputs, over positions within"
            f" {trunk.active_db:g} dB of the loudest, are the {2 * trunk.width} features that every model sees."
        )
    ]
    if adaptation is not None:
        lines.append(
            f"The adaptation of the features: {adaptation.caution_s:g} s of speech weigh as much as no shift,"
            f" {adaptation.prior_weight_s:g} s as much as the expected shares of emotions; scores count to the power"
            f" {adaptation.power:g}."
            + (
                f" The corrected features have {adaptation.share:.0%} of the published evidence, the features as"
                " they come the rest."
                if adaptation.share is not None
                else ""
            )
        )
    return [*lines, ""]
