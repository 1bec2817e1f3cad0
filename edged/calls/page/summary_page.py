"""The summaries of many calls to ``summary.html``: one sortable row per call, and never a ranking of people.

SummaryRow… ──► counts by outcome, table ──document──► the page, with links to the reports below its folder
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from edged.calls.page.document import document
from edged.calls.page.markup import Html, joined, tag
from edged.calls.page.words import EACH_NOTICE, OUTCOMES, length, percent
from edged.contract.call_report import SummaryRow
from edged.errors import counted

_STYLES = ("look.css", "summary.css")
_SCRIPTS = ("sort.js", "sideways.js")
_NONE = "\N{EN DASH}"
_COLUMNS = (
    ("Call", False),
    ("Outcome", False),
    ("Score", True),
    ("90 % interval", True),
    ("Distress at opening", True),
    ("Distress afterwards", True),
    ("Main emotion", False),
    ("Uncertain", True),
    ("Length", True),
    ("Customer speaks", True),
    ("Agent speaks", True),
    ("Silence", True),
    ("Overlap", True),
    ("Band", False),
)  # name, and whether it is a number


class _Cell(NamedTuple):
    shown: str
    key: str | float | None  # what it is sorted by; None comes last


def summary_page(rows: Sequence[SummaryRow]) -> str:
    """The page of ``rows``, in their order."""
    main = tag(
        "main",
        tag("p", "Summary", class_="eyebrow"),
        tag("h1", counted(len(rows), "call")),
        _counts(rows),
        _table(rows) if rows else tag("p", "There is no report in this folder."),
        tag("footer", tag("p", EACH_NOTICE), class_="hint"),
        class_="page wide",
        id="content",
    )
    return document("Summary of calls", main, styles=_STYLES, scripts=_SCRIPTS)


def _counts(rows: Sequence[SummaryRow]) -> Html:
    counted = Counter(row.outcome for row in rows)
    badges = [
        tag(
            "li",
            tag("span", verdict.shape, aria_hidden="true"),
            f" {verdict.words} {counted[outcome]}",
            class_=f"badge {verdict.tone}",
        )
        for outcome, verdict in OUTCOMES.items()
        if counted[outcome]
    ]
    return tag("ul", *badges, class_="counts") if badges else joined([])


def _table(rows: Sequence[SummaryRow]) -> Html:
    heads = [
        tag(
            "th",
            tag("button", name, tag("span", class_="arrow", aria_hidden="true"), type="button"),
            scope="col",
            class_="figure" if is_number else None,
        )
        for name, is_number in _COLUMNS
    ]
    return tag(
        "div",
        tag(
            "table",
            tag(
                "caption",
                "A button at the top of a column sorts by it.",
                tag("span", " There are more columns to the right: scroll the table.", id="sideways", hidden=True),
                class_="hint",
            ),
            tag("thead", tag("tr", *heads)),
            tag("tbody", *[_row(row) for row in rows]),
            id="calls",
        ),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label="Calls",
    )


def _row(row: SummaryRow) -> Html:
    cells = [
        tag("td", cell.shown, data_key=cell.key, class_="figure" if is_number else None)
        for cell, (_, is_number) in zip(_cells(row), _COLUMNS[1:], strict=True)
    ]
    name = tag("a", tag("bdi", row.file), href=_link(row.report))
    reason = joined([]) if row.reason is None else tag("small", row.reason, class_="hint reason")
    return tag("tr", tag("th", name, reason, scope="row", data_key=row.file), *cells)


def _cells(row: SummaryRow) -> list[_Cell]:
    """All columns after the name, in the order of ``_COLUMNS``."""
    verdict = OUTCOMES[row.outcome]
    outcome = joined([tag("span", verdict.shape, aria_hidden="true"), f" {verdict.words}"])
    interval, width = _NONE, None
    if row.low is not None and row.high is not None:
        interval, width = f"{row.low:.1f} to {row.high:.1f}", row.high - row.low
    return [
        _Cell(tag("span", outcome, class_=f"outcome {verdict.tone}"), verdict.words),
        _Cell(_NONE if row.score is None else tag("strong", f"{row.score:.1f}"), row.score),
        _Cell(interval, width),
        _share(row.opening),
        _share(row.later),
        _Cell(row.emotion, row.emotion),
        _share(row.uncertain),
        *[_time(value) for value in (row.duration_s, row.customer_speech_s, row.agent_speech_s)],
        *[_time(value) for value in (row.silence_s, row.overlap_s)],
        _Cell(row.band, row.band),
    ]


def _share(value: float | None) -> _Cell:
    return _Cell(_NONE if value is None else percent(value), value)


def _time(seconds: float | None) -> _Cell:
    return _Cell(_NONE if seconds is None else length(seconds), seconds)


def _link(folder: str) -> str:
    """The report's address below the summary; a folder's name cannot turn it into another scheme."""
    return "./" + quote(folder.encode("utf-8", "surrogateescape"), safe="/") + "/report.html"
