"""A report to a picture of its timeline.

    windows, talk, score ──matplotlib──► timeline.png: valence with its band, moments, speech of both parties

Red is below the middle line and green above it, so the position means the same as the colour.
"""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from edged.contract.call_report import Report, Span, Window

_SIZE, _DPI = (11.0, 4.6), 110
_GREEN, _RED, _GREY, _INK = "#1a7f37", "#c62828", "#8a8f98", "#20242a"
_MINUTE_S = 60
_LANES = {"overlap": "#b26a00", "agent": "#6b7280", "customer": "#1f4e9c", "both": "#1f4e9c"}


def timeline_png(report: Report) -> bytes:
    """The picture as PNG, 1210 pixels wide."""
    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    line, lanes = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    _draw_line(line, report)
    _draw_lanes(lanes, report)
    lanes.set_xlim(0, max(report.call.duration_s, 1.0))
    lanes.xaxis.set_major_formatter(FuncFormatter(_clock))
    figure.suptitle(_title(report), color=_INK, fontsize=11)
    with io.BytesIO() as file:
        figure.savefig(file, format="png")
        return file.getvalue()


def _draw_line(axes: Axes, report: Report) -> None:
    at_s = np.array([(window.start_s + window.end_s) / 2 for window in report.windows])
    smooth, low, high = (_values(report.windows, name) for name in ("smooth", "low", "high"))
    axes.axhline(0, color=_GREY, linewidth=0.8)
    if len(at_s):
        axes.fill_between(at_s, low, high, color=_GREY, alpha=0.25, linewidth=0)
        axes.fill_between(at_s, 0, smooth, where=smooth > 0, color=_GREEN, alpha=0.35, interpolate=True)
        axes.fill_between(at_s, 0, smooth, where=smooth < 0, color=_RED, alpha=0.35, interpolate=True)
        axes.plot(at_s, smooth, color=_INK, linewidth=1.2)
    for number, moment in enumerate(report.moments, start=1):
        middle_s = (moment.start_s + moment.end_s) / 2
        marker = "^" if moment.contribution > 0 else "v"
        axes.plot(middle_s, 0.93 if moment.contribution > 0 else -0.93, marker, color=_INK, markersize=6)
        axes.annotate(str(number), (middle_s, 0), (middle_s, 0.72 if moment.contribution > 0 else -0.80), fontsize=8)
    axes.set_ylim(-1, 1)
    axes.set_yticks([-1, 0, 1], ["negative", "neutral", "positive"])


def _draw_lanes(axes: Axes, report: Report) -> None:
    lanes = [("overlap", report.talk.overlaps)]
    lanes += [(party.role, party.spans) for party in reversed(report.talk.parties)]
    if len(report.talk.parties) == 1:
        lanes = lanes[1:]
    for row, (name, spans) in enumerate(lanes):
        axes.broken_barh(_bars(spans), (row - 0.3, 0.6), color=_LANES[name])
    names = {"both": "speech"}
    axes.set_yticks(range(len(lanes)), [names.get(name, name) for name, _ in lanes])
    axes.set_ylim(-0.6, len(lanes) - 0.4)


def _bars(spans: Sequence[Span]) -> list[tuple[float, float]]:
    return [(span.start_s, span.end_s - span.start_s) for span in spans]


def _values(windows: Sequence[Window], name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([np.nan if (value := getattr(window, name)) is None else value for window in windows], np.float64)


def _title(report: Report) -> str:
    name = "".join(letter if letter.isprintable() and letter != "$" else "?" for letter in report.call.file)
    score = report.score
    if score is None:
        return f"{name}: no score"
    return f"{name}: {report.outcome.replace('_', ' ')}, {score.value:.1f} of 10 ({score.low:.1f} to {score.high:.1f})"


def _clock(seconds: float, _position: int) -> str:
    minutes, second = divmod(round(seconds), _MINUTE_S)
    hours, minute = divmod(minutes, _MINUTE_S)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
