"""The windows and turns of a call to the timeline: valence, emotions and who speaks, on one time axis.

    Report ──► columns as JSON ──timeline.js, uPlot──► three charts that share their axis, cursor and zoom

A chart is a slider for the keyboard and for screen readers: the arrow keys go from window to window, and the values of
the window are its text.  The recording is an address relative to the page; without one nothing can be played.
"""

from collections.abc import Sequence
from urllib.parse import quote

from edged.calls.page.markup import Html, data, joined, tag
from edged.calls.page.words import ROLES
from edged.contract.call_report import Report, Span

_DIGITS = 3  # a canvas shows no more
_TIME_DIGITS = 3
_NUMBERS = ("confidence", "distress", "valence", "smooth", "low", "high", "contribution")
_CHARTS = (("valence", "Valence, from negative to positive"), ("emotions", "Emotion"), ("talk", "Who speaks"))


def timeline_section(report: Report, recording: str | None, *, is_served: bool = False) -> Html:
    """The charts of ``report``; ``recording`` is the name of the file beside the page, or None.

    ``is_served``: the page is one of ``edged web``, which says by itself when the program and the recording are gone.
    """
    return tag(
        "section",
        tag("h2", "Timeline", id="timeline"),
        _legend(),
        tag(
            "div",
            *[
                joined([tag("p", words, class_="chart-name"), tag("div", class_="chart", id=f"chart-{name}")])
                for name, words in _CHARTS
            ],
            tag("div", class_="tip", id="tip", hidden=True),
            class_="charts",
            id="charts",
            tabindex=0,
            role="slider",
            aria_label="Timeline of the call",
            aria_describedby="chart-keys",
            aria_valuemin=0,
            aria_valuemax=max(0, len(report.windows) - 1),
            aria_valuenow=0,
            aria_valuetext="start of the call",
        ),
        tag("noscript", tag("p", "The timeline needs JavaScript. timeline.png beside this report shows it.")),
        _served_player(recording) if is_served else _player(recording, report.call.file),
        tag(
            "p",
            "Point at the timeline for the values. Drag over it to zoom in, double-click to see all again. Keys: ← →"
            " from window to window, Home and End, + and - to zoom, 0 to see all",
            ", Enter plays from there." if recording is not None else ".",
            class_="hint",
            id="chart-keys",
        ),
        tag(
            "details",
            tag("summary", "All windows as a table"),
            tag("div", class_="scroll", id="windows-table", tabindex=0, role="region", aria_label="All windows"),
            class_="no-print",
        ),
        data("call-data", columns(report, recording)),
        class_="timeline",
        aria_labelledby="timeline",
    )


def columns(report: Report, recording: str | None) -> dict[str, object]:
    """The data for timeline.js: each field of the windows as a list, spans as pairs of seconds."""
    windows = report.windows
    labels = list(next((window.scores for window in windows if window.scores), report.emotions))
    return {
        "duration": report.call.duration_s,
        "stride": report.rules.stride_s,
        "recording": None if recording is None else address(recording),
        "labels": labels,
        "start": [round(window.start_s, _TIME_DIGITS) for window in windows],
        "end": [round(window.end_s, _TIME_DIGITS) for window in windows],
        "label": [window.label for window in windows],
        "scores": {label: [_rounded((window.scores or {}).get(label)) for window in windows] for label in labels},
        **{name: [_rounded(getattr(window, name)) for window in windows] for name in _NUMBERS},
        "part": [window.part for window in windows],
        "parties": [
            {"role": party.role, "name": ROLES[party.role], "spans": _pairs(party.spans)}
            for party in report.talk.parties
        ],
        "silences": _pairs(report.talk.silences),
        "overlaps": _pairs(report.talk.overlaps),
    }


def address(recording: str) -> str:
    """The file beside the page as a relative URL, which no name can turn into another scheme or folder."""
    return "./" + quote(recording.encode("utf-8", "surrogateescape"), safe="")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _pairs(spans: list[Span]) -> list[tuple[float, float]]:
    return [(round(span.start_s, _TIME_DIGITS), round(span.end_s, _TIME_DIGITS)) for span in spans]


def _legend() -> Html:
    entries = (
        ("positive", "▲ positive: filled, above the line"),
        ("negative", "▼ negative: hatched, below the line"),
        ("band", "90 % band of the smoothed valence"),
    )
    return tag(
        "ul",
        *[tag("li", tag("span", class_=f"swatch {kind}", aria_hidden="true"), words) for kind, words in entries],
        class_="legend",
    )


def _player(recording: str | None, name: str) -> Html:
    """The player of a file beside the page; ``name`` is what the user called the recording."""
    if recording is None:
        return _no_player("The recording is not beside this report, so the timeline cannot play it.")
    lost = joined(
        [
            "This recording cannot be played: put ",
            tag("bdi", recording),
            " into the folder of this report.",
            *(() if recording == name else _saved_with(name)),
            " The browser may also not support its format.",
        ]
    )
    return _playing(recording, lost)


def _saved_with(name: str) -> Sequence[str | Html]:
    """``edged web`` keeps a recording under a name of its own."""
    return (" It is ", tag("bdi", name), ": “Download all (zip)” on its page in edged web saves both together.")


def _served_player(recording: str | None) -> Html:
    """The player of a page of ``edged web``."""
    if recording is None:
        return _no_player(
            "The recording was deleted when the report was made, so the timeline cannot play it. To hear it, add it"
            " again with “Keep the recording” ticked."
        )
    return _playing(recording, "This browser cannot play the recording: it may not support its format.")


def _no_player(words: str) -> Html:
    return tag("p", words, class_="hint no-print")


def _playing(recording: str, lost: str) -> Html:
    """The player, and what stands there when it fails."""
    return tag(
        "div",
        tag("audio", controls=True, preload="metadata", src=address(recording), id="audio", aria_label="Recording"),
        tag("p", lost, class_="hint", id="audio-missing", hidden=True),
        class_="player no-print",
    )
