"""The reports of a folder to one table by call.

reports ──summary_row──► rows ──► summary.csv, summary.html
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from edged.audio.sound_file import text_of
from edged.calls.files import csv_text, write_whole
from edged.calls.page.summary_page import summary_page
from edged.contract.call_report import SummaryRow
from edged.errors import OutputError

SUMMARY, PAGE = "summary.csv", "summary.html"


def write_summary(rows: Sequence[SummaryRow], folder: Path) -> None:
    """The table of ``rows`` into ``folder``.

    Raises:
        OutputError: a file cannot be written.
    """
    columns = SummaryRow.__struct_fields__
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = csv_text(columns, [msgspec.structs.astuple(row) for row in rows])
        write_whole(folder / SUMMARY, text_of(text).encode())  # a row has the path of its report
        write_whole(folder / PAGE, summary_page(rows).encode())
    except OSError as exc:
        raise OutputError(f"{exc.filename or folder}: {exc.strerror or exc}, expected a folder to write to") from exc
