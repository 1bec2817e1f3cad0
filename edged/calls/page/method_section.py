"""How the report was made: the formula in words, its limits, the telephone band, the adaptation to the voice.

Report ──► "How this score is made", "What to keep in mind" ──► footer: the law, versions
"""

from edged.calls.page.markup import Html, joined, tag
from edged.calls.page.words import length, percent
from edged.contract.call_report import BandLoss, Learned, Report, Rules

_MINUS = "\N{NO-BREAK SPACE}-\N{NO-BREAK SPACE}"  # no line ends within "(0.71 - 0.29)"


def method_section(report: Report) -> Html:
    """Formula, note, band and adaptation, in words."""
    return tag(
        "section",
        tag("h2", "How this is made", id="method"),
        tag("p", report.formula.replace(" - ", _MINUS)),
        tag("p", report.note),
        tag("p", _rules(report.rules)),
        _band(report),
        _learned(report.learned),
        class_="method",
        aria_labelledby="method",
    )


def footer(report: Report) -> Html:
    """Why there is no field for the agent, and what made the report."""
    made = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return tag("footer", tag("p", report.notice), tag("p", made, class_="hint"), class_="report-foot")


def _rules(rules: Rules) -> str:
    weights = ", ".join(f"{label} {weight:g}" for label, weight in rules.weights.items())
    return (
        f"A window starts every {rules.stride_s:g} s. Distress of a label: {weights}. The first {rules.opening_windows}"
        f" windows with speech are the opening. There is no score with less than {rules.min_speech_s:g} s of customer"
        f" speech, with more than {percent(rules.max_uncertain)} of it uncertain, or with an interval wider than"
        f" {rules.max_interval:g}. Below {percent(rules.calm_below)} distress counts as calm."
    )


def _band(report: Report) -> Html:
    band = report.band
    if band.kind != "telephone":
        return joined([])
    upper = "" if band.highest_hz is None else f" Nothing stands out of the noise above {band.highest_hz:.0f} Hz."
    return tag(
        "div",
        tag("h3", "Telephone sound"),
        tag("p", f"The customer's speech has the band of a telephone.{upper} Emotions are recognised less well in it:"),
        _losses(band.losses),
        class_="note",
    )


def _losses(losses: list[BandLoss]) -> Html:
    if not losses:
        return tag("p", "The models' card has no figures for it.")
    heads = ("recordings", "recognised in full band", "recognised by telephone", "loss in points")
    return tag(
        "div",
        tag(
            "table",
            tag(
                "thead",
                tag(
                    "tr",
                    *[tag("th", words, scope="col", class_="figure" if words != heads[0] else None) for words in heads],
                ),
            ),
            tag("tbody", *[_loss(loss) for loss in losses]),
        ),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label="Loss by telephone sound",
    )


def _loss(loss: BandLoss) -> Html:
    values = (
        percent(loss.uar_clean),
        percent(loss.uar_telephone),
        f"{100 * (loss.uar_clean - loss.uar_telephone):.1f}",
    )
    return tag("tr", tag("th", loss.corpus, scope="row"), *[tag("td", value, class_="figure") for value in values])


def _learned(learned: Learned) -> Html:
    if learned.method == "none":
        return tag("p", "The models were not adapted to this voice.")
    shift = ", ".join(f"{label} {value:+.2f}" for label, value in learned.shift.items())
    removed = f" What it removed, as the logarithm of a score: {shift}." if shift else ""
    return tag(
        "p",
        f"A first pass learned this voice from windows over {length(learned.speech_s)}, a second pass scored the call"
        f" with what was learned ({learned.method}).{removed}",
    )
