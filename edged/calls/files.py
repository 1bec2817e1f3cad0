"""A report to its files; the one that marks the folder as complete is written last.

    Report ──► report.html, timeline.csv, timeline.png ──► report.json

Each file is whole or absent: it is written beside its place and then moved.  ``report.json`` comes last, so a folder
that has one is complete, and an interrupted run resumes.
"""

import csv
import io
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from edged.calls.page.report_page import report_page
from edged.contract.call_report import Report
from edged.decoding import MALFORMED
from edged.errors import OutputError

REPORT, PAGE, TIMELINE, PICTURE = "report.json", "report.html", "timeline.csv", "timeline.png"
_COLUMNS = ("start_s", "end_s", "speech", "label", "confidence", "distress", "valence", "smooth", "low", "high")
_SCORE_COLUMNS = ("part", "contribution")

_log = logging.getLogger(__name__)


def check_folder(folder: Path) -> None:
    """Checks, before hours of work, that reports can be written into ``folder``, which need not exist; makes nothing.

    Raises:
        OutputError: it is no folder, or this user may not write there.
    """
    try:
        place = next(place for place in (folder, *folder.parents) if _is_there(place))
    except OSError as exc:
        raise OutputError(f"{folder}: {exc.strerror}, expected a folder to write to") from exc
    if not place.is_dir():
        raise OutputError(f"{place}: is no folder, expected a folder to write to")
    if not os.access(place, os.W_OK | os.X_OK):
        raise OutputError(f"{place}: cannot be written to by this user, expected a folder that can")


def write_report(report: Report, folder: Path, *, recording: str | None) -> None:
    """All files of ``report`` into ``folder``, which is made.

    ``recording`` names the sound file beside the page that it plays; None: nothing can be played.

    Raises:
        OutputError: the folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / PAGE, report_page(report, recording).encode())
        write_whole(folder / TIMELINE, timeline_csv(report).encode())
        picture = _picture(report)
        if picture is not None:
            write_whole(folder / PICTURE, picture)
        write_whole(folder / REPORT, msgspec.json.format(msgspec.json.encode(report), indent=1))
    except OSError as exc:
        raise OutputError(f"{exc.filename or folder}: {exc.strerror or exc}, expected a folder to write to") from exc


def stored_report(folder: Path) -> Report | None:
    """The report in ``folder``; None if there is none, or one of another version or program."""
    try:
        return msgspec.json.decode((folder / REPORT).read_bytes(), type=Report)
    except (OSError, *MALFORMED):
        return None


def timeline_csv(report: Report) -> str:
    """One line a window: times, label, scores, the smoothed line and its band, part and contribution."""
    labels = list(report.rules.weights)
    columns = [*_COLUMNS, *(f"score_{label}" for label in labels), *_SCORE_COLUMNS]
    rows = []
    for window in report.windows:
        scores = window.scores or {}
        fields = [getattr(window, name) for name in _COLUMNS]
        rows.append([*fields, *(scores.get(label) for label in labels), window.part, window.contribution])
    return csv_text(columns, rows)


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Lines as in RFC 4180; an absent value is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def write_whole(file: Path, content: bytes) -> None:
    """Replaces ``file``, which is the old content or the new at any time.

    Raises:
        OSError: it cannot be written.
    """
    temporary = file.with_name(f"{file.name}.new")
    temporary.write_bytes(content)
    temporary.replace(file)


def _is_there(place: Path) -> bool:
    try:
        place.stat()
    except FileNotFoundError:
        return place == place.parent  # the current folder, or /, of which at least the name is there
    return True


def _picture(report: Report) -> bytes | None:
    try:
        from edged.calls.timeline_png import timeline_png  # noqa: PLC0415 -- matplotlib takes a second, and is an extra
    except ImportError:
        _log.info("%s is left out, matplotlib is not installed: pip install 'edged[calls]'", PICTURE)
        return None
    return timeline_png(report)


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    # A spreadsheet takes text that begins like this for a formula, and file names come from anywhere.
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t"}:
        return f"'{value}"
    return "" if value is None else value
