"""A report to ``report.html``: one file that works offline, in print, in dark mode and without colour.

Report ──sections──► Html ──document──► the page; ``edged web`` puts the same sections into its own page
"""

from edged.calls.page.document import document
from edged.calls.page.findings import emotions_section, moments_section, talk_section
from edged.calls.page.markup import Html, tag
from edged.calls.page.method_section import footer, method_section
from edged.calls.page.score_section import heading, score_section
from edged.calls.page.timeline_section import timeline_section
from edged.calls.page.voices_section import voices_section
from edged.contract.call_report import Report

STYLES = ("look.css", "report.css", "uplot/uPlot.min.css")
SCRIPTS = ("uplot/uPlot.iife.min.js", "tracks.js", "windows.js", "timeline.js")


def report_page(report: Report, recording: str | None = None) -> str:
    """The page of ``report``; ``recording`` is the name of the sound file beside it, or None."""
    main = tag("main", report_body(report, recording), class_="page", id="content")
    return document(f"{report.call.file}: call report", main, styles=STYLES, scripts=SCRIPTS)


def report_body(report: Report, recording: str | None = None, *, is_served: bool = False) -> Html:
    """All sections of ``report``, as they stand in a page with ``STYLES`` and ``SCRIPTS``.

    ``is_served``: the page is one of ``edged web``, and no file beside a recording.
    """
    return tag(
        "article",
        heading(report),
        score_section(report),
        timeline_section(report, recording, is_served=is_served),
        moments_section(report, recording),
        voices_section(report, recording),
        tag("div", talk_section(report), emotions_section(report), class_="two"),
        method_section(report),
        footer(report),
        class_="report",
    )
