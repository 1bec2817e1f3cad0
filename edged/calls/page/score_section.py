"""The score of a call, at the top of the page: number, interval, outcome, or the reason why there is none.

Report ──► heading with the facts of the recording ──► score on a scale from 1 to 10, with its 90 % interval
"""

from edged.calls.page.markup import Html, joined, tag
from edged.calls.page.words import OUTCOMES, channel, length, percent
from edged.contract.call_report import Interval, Report
from edged.errors import counted

_LOWEST, _NEUTRAL, _HIGHEST = 1.0, 5.5, 10.0  # of the score; a flat course gives the middle
_BANDS = {"wide": "wide band", "telephone": "telephone band", "unknown": "band unknown: too little speech"}


def heading(report: Report) -> Html:
    """The name of the recording, and what it is."""
    call = report.call
    facts = (
        length(call.duration_s),
        f"{call.sample_rate_hz / 1000:g} kHz, {_BANDS[report.band.kind]}",
        channel(call),
        f"report of {report.created[:10]}, {report.created[11:16]} UTC",
    )
    return tag(
        "header",
        tag("p", "Call report", class_="eyebrow"),
        tag("h1", tag("bdi", call.file)),
        tag("ul", *[tag("li", fact) for fact in facts], class_="facts"),
        class_="report-head",
    )


def score_section(report: Report) -> Html:
    """Number, scale and outcome."""
    verdict = OUTCOMES[report.outcome]
    badge = tag(
        "p", tag("span", verdict.shape, aria_hidden="true"), f" {verdict.words}", class_=f"badge {verdict.tone}"
    )
    if report.score is None:
        body = [
            tag("p", "\N{EN DASH}", class_="number none", aria_label="no score"),
            tag("div", badge, tag("p", verdict.sentence), _reason(report.reason), class_="score-words"),
        ]
    else:
        body = [
            tag("p", f"{report.score.value:.1f}", tag("small", " of 10"), class_="number"),
            tag(
                "div",
                badge,
                tag("p", verdict.sentence),
                _scale(report.score),
                tag("p", _sentence(report.score), class_="hint"),
                class_="score-words",
            ),
        ]
    return tag(
        "section", tag("h2", "Customer calming score", id="score"), tag("div", *body, class_="card score"),
        aria_labelledby="score",
    )  # fmt: skip


def _reason(reason: str | None) -> Html:
    return joined([]) if reason is None else tag("p", tag("strong", "Why: "), reason)


def _sentence(score: Interval) -> str:
    return (
        f"90 % interval {score.low:.1f} to {score.high:.1f}. Distress {percent(score.opening)} at the opening,"
        f" {percent(score.later)} afterwards, where later speech counts more. From"
        f" {counted(score.n_windows, 'window')} of the customer's speech."
    )


def _scale(score: Interval) -> Html:
    """A line from 1 to 10: the interval as a bar, the score as a diamond, 5.5 as a tick.

    Positions are attributes in percent, since the page's policy forbids style attributes.
    """
    line = tag("rect", x="0", y="19", width="100%", height="2", class_="axis")
    middle = tag("rect", x=_place(_NEUTRAL), y="10", width="2", height="20", class_="axis")
    width = f"{100 * (score.high - score.low) / (_HIGHEST - _LOWEST):.2f}%"
    interval = tag("rect", x=_place(score.low), y="14", width=width, height="12", rx="6", class_="interval")
    mark = tag(
        "svg",
        tag("path", d="M0 -9 L9 0 L0 9 L-9 0 Z", class_="mark"),
        x=_place(score.value),
        y="20",
        overflow="visible",
    )
    ends = [
        tag("text", words, x=x, y="44", text_anchor=anchor)
        for words, x, anchor in (
            ("1 escalated", "0", "start"),
            ("5.5 unchanged", "50%", "middle"),
            ("10 calmed", "100%", "end"),
        )
    ]
    drawing = tag(
        "svg",
        line, middle, interval, mark, *ends,
        class_="scale",
        role="img",
        aria_label=f"{score.value:.1f} on a scale from 1 to 10, 90 % interval {score.low:.1f} to {score.high:.1f}",
        width="100%",
        height="48",
        overflow="visible",
    )  # fmt: skip
    return tag("div", drawing, class_="scale-box")


def _place(value: float) -> str:
    return f"{100 * (value - _LOWEST) / (_HIGHEST - _LOWEST):.2f}%"
