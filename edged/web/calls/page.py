"""The content of the page Calls, which its script fills, and of the page of a report.

limits ──► drop zone, options, an empty list        id, report, files ──► back, download; the report
"""

from collections.abc import Sequence

from edged.audio.formats.names import IN_BROWSERS, PLAYED, SUFFIXES
from edged.calls.page.markup import Html, joined, tag
from edged.calls.page.report_page import report_body
from edged.calls.page.words import EACH_NOTICE
from edged.config.structs import Web
from edged.contract.call_report import Report

_LEAD = (
    "Drop recordings of calls here. Each gets a report: how the customer's emotion moved, and whether the call calmed"
    " the customer. Everything stays on this machine."
)
SCRIPTS = ("entries.js", "questions.js", "uploads.js", "calls.js")  # in the order in which they need each other
_ACCEPTED = ",".join([*(ending for name in IN_BROWSERS for ending in SUFFIXES[name]), "audio/*"])
_SAVED = {
    "report.html": "Report (HTML)",
    "report.json": "Data (JSON)",
    "timeline.csv": "Timeline (CSV)",
    "timeline.png": "Timeline (PNG)",
}


def calls_page(web: Web) -> Html:
    """The page, without any calls; ``web`` has the limits."""
    return joined(
        [
            tag("h1", "Calls"),
            tag("p", _LEAD, class_="lead"),
            tag("noscript", tag("p", "This page needs JavaScript.", class_="note")),
            _drop_zone(web),
            tag("p", "", id="say", class_="unseen", role="status", aria_live="polite"),
            tag("h2", "Recordings", id="list-title", hidden=True),
            tag("ul", id="calls", class_="calls", aria_labelledby="list-title"),
            tag("footer", tag("p", EACH_NOTICE), class_="page-foot hint"),
        ]
    )


def report_content(identifier: str, report: Report, recording: str | None, files: Sequence[str]) -> Html:
    """The report of a call, with ``files`` to save; ``recording`` is the name below its address, or None."""
    return joined([_bar(identifier, report.call.file, files), report_body(report, recording, is_served=True)])


def _bar(identifier: str, name: str, files: Sequence[str]) -> Html:
    """What can be done with a report: back to the list, save."""
    links = [
        tag("li", tag("a", _SAVED[name], href=f"/calls/{identifier}/{name}", download=True)) for name in files
    ]  # fmt: skip
    return tag(
        "div",
        tag("a", "← All calls", href="/calls", class_="button"),
        tag("a", "Download all (zip)", href=f"/calls/{identifier}/all.zip", download=True, class_="button first"),
        tag("ul", *links, class_="saved"),
        class_="bar-top no-print",
        data_call=identifier,
        data_name=name,
    )


def _drop_zone(web: Web) -> Html:
    limits = f"{PLAYED}, up to {web.max_megabytes} MB and {web.max_hours:g} hours each"
    return tag(
        "form",
        tag(
            "div",
            tag("p", tag("strong", "Drag recordings here"), class_="drop-title"),
            tag("p", "or", aria_hidden="true", class_="hint"),
            tag("label", "Choose files", for_="file", class_="button first"),
            tag("input", type="file", id="file", multiple=True, aria_describedby="limits",
                accept=_ACCEPTED, class_="file"),
            tag("p", limits, id="limits", class_="hint"),
            id="drop",
            class_="drop",
        ),
        tag(
            "label",
            tag("input", type="checkbox", id="keep"),
            " Keep the recording with its report, so that the timeline can play it. Otherwise it is deleted as soon as"
            " the report is made.",
            class_="option",
        ),
        id="upload",
        data_max_bytes=web.max_megabytes * 1_000_000,
    )  # fmt: skip
