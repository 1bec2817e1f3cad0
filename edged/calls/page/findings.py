"""The findings about a call, as lists: the moments that moved the score, who spoke how long, which emotions.

Report ──► "The moments that moved the score", "Who spoke", "Emotions of the customer"
"""

from edged.calls.page.markup import Html, joined, tag
from edged.calls.page.place_button import place_button
from edged.calls.page.words import ROLES, length, percent, points
from edged.contract.call_report import Moment, Recorded, Report


def moments_section(report: Report, recording: str | None) -> Html:
    """At most five windows, the one that moved the score most first; nothing without a score."""
    if report.score is None or not report.moments:
        return joined([])
    return tag(
        "section",
        tag("h2", "The moments that moved the score", id="moments"),
        tag("ol", *[_moment(moment, can_play=recording is not None) for moment in report.moments], class_="moments"),
        aria_labelledby="moments",
    )


def _moment(moment: Moment, *, can_play: bool) -> Html:
    rose = moment.contribution >= 0
    return tag(
        "li",
        place_button(moment.start_s, moment.end_s, can_play=can_play),
        tag(
            "span",
            tag("span", "▲ " if rose else "▼ ", aria_hidden="true"),
            points(moment.contribution),
            tag("span", " points", class_="unseen"),
            class_=f"points {'positive' if rose else 'negative'}",
        ),
        tag("span", moment.reason, class_="reason"),
    )


def talk_section(report: Report) -> Html:
    """Speech of each party, silence and overlap, in time and as a share of the call."""
    talk, duration_s = report.talk, report.call.duration_s
    rows: list[tuple[str, str, float]] = [(ROLES[party.role], party.role, party.speech_s) for party in talk.parties]
    rows.append(("Silence", "silence", talk.silence_s))
    if all(party.role != "both" for party in talk.parties):
        rows.append(("Overlap", "overlap", talk.overlap_s))
    return tag(
        "section",
        tag("h2", "Who spoke", id="talk"),
        tag(
            "table",
            tag(
                "thead",
                tag(
                    "tr",
                    tag("td"),
                    tag("th", "time", scope="col", class_="figure"),
                    tag("th", "share of the call", scope="col", colspan=2),
                ),
            ),
            tag(
                "tbody",
                *[
                    _row(name, length(seconds), seconds / duration_s if duration_s else 0.0, kind)
                    for name, kind, seconds in rows
                ],
            ),
            class_="bars",
        ),
        _crosstalk(report.call),
        aria_labelledby="talk",
    )


def _crosstalk(call: Recorded) -> Html:
    """How much of the agent's voice was left out of the customer's channel; nothing without any."""
    if not call.crosstalk_s or call.crosstalk_db is None:
        return joined([])
    level = f"{call.crosstalk_db:.0f}".replace("-", "\N{MINUS SIGN}")
    words = (
        f"The agent's voice leaks into the customer's channel, at {level} dB. {length(call.crosstalk_s)} with the"
        " agent's voice alone on it were left out."
    )
    return tag("p", words, class_="hint")


def emotions_section(report: Report) -> Html:
    """Share of the customer's windows with speech by label; nothing without speech."""
    both = any(party.role == "both" for party in report.talk.parties)
    whose = "Emotions of both voices" if both else "Emotions of the customer"
    shares = sorted(((share, label) for label, share in report.emotions.items()), reverse=True)
    if not shares:
        return joined([])
    return tag(
        "section",
        tag("h2", whose, id="emotions"),
        tag(
            "table",
            tag("thead", tag("tr", tag("td"), tag("th", "share of the windows", scope="col",
                colspan="2"))),
            tag("tbody", *[_row(label, None, share, f"emotion {label}") for share, label in shares]),
            class_="bars",
        ),
        aria_labelledby="emotions",
    )  # fmt: skip


def _row(name: str, middle: str | None, share: float, kind: str) -> Html:
    bar = tag(
        "svg",
        tag("rect", width="100%", height="100%", class_="track"),
        tag("rect", width=f"{100 * min(share, 1):.2f}%", height="100%", class_="fill"),
        class_=f"bar {kind}",
        width="100%",
        height="10",
        aria_hidden="true",
    )
    cells = [] if middle is None else [tag("td", middle, class_="figure")]
    return tag(
        "tr", tag("th", name, scope="row"), *cells,
        tag("td", bar, class_="bar-cell"), tag("td", percent(share), class_="figure"),
    )  # fmt: skip
