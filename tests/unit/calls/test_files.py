"""The files of a report and of a summary."""

import csv
import io
from pathlib import Path

import msgspec
import pytest

from edged.calls.files import check_folder, csv_text, stored_report, timeline_csv, write_report
from edged.calls.summary import write_summary
from edged.contract.call_report import Report, summary_row
from edged.errors import OutputError

REPORT = msgspec.json.decode((Path(__file__).parent / "report.json").read_bytes(), type=Report)


def test_four_files_and_the_report_comes_back(tmp_path: Path) -> None:
    """Page, CSV, picture and JSON, each whole, and no temporary file."""
    write_report(REPORT, tmp_path / "call", recording="call.wav")
    names = {file.name for file in (tmp_path / "call").iterdir()}
    assert names == {"report.html", "report.json", "timeline.csv", "timeline.png"}
    assert stored_report(tmp_path / "call") == REPORT
    assert (tmp_path / "call" / "timeline.png").read_bytes().startswith(b"\x89PNG")


def test_timeline_has_a_line_a_window() -> None:
    """All numbers of a window, and nothing where there is no speech."""
    rows = list(csv.DictReader(io.StringIO(timeline_csv(REPORT))))
    assert len(rows) == len(REPORT.windows)
    for row, window in zip(rows, REPORT.windows, strict=True):
        assert float(row["start_s"]) == window.start_s
        assert row["label"] == window.label
        assert (row["score_angry"] == "") == (not window.speech)
        assert row["contribution"] == ("" if window.contribution is None else str(window.contribution))


def test_summary_is_by_call_and_no_formula(tmp_path: Path) -> None:
    """A line a call; a name that a spreadsheet would compute is text; nothing names an agent."""
    call = msgspec.structs.replace(REPORT.call, file="=cmd|calc.wav")
    row = summary_row(msgspec.structs.replace(REPORT, call=call), "cmd")
    write_summary([row], tmp_path)
    (line,) = csv.DictReader(io.StringIO((tmp_path / "summary.csv").read_text(encoding="utf-8")))
    assert line["file"] == "'=cmd|calc.wav"
    assert float(line["score"]) == row.score
    assert not {"agent", "agent_name", "staff"} & line.keys()
    assert "<html" in (tmp_path / "summary.html").read_text(encoding="utf-8")


def test_csv_cells() -> None:
    """None is nothing, truth a digit; a comma is quoted."""
    assert csv_text(("a", "b", "c"), [(None, True, "x,y")]) == 'a,b,c\r\n,1,"x,y"\r\n'


def test_folder_that_can_be_made(tmp_path: Path) -> None:
    """Nothing is made; a file in its way, or a name that no folder can have, is refused."""
    check_folder(tmp_path / "a" / "b")
    check_folder(tmp_path)
    check_folder(Path("not-there"))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    for folder, fault in (
        (Path("file"), "is no folder"),
        (Path("file/a/b"), "Not a dir"),
        (Path("a" * 300), "too long"),
    ):
        with pytest.raises(OutputError, match=f"{fault}.*, expected a folder to write to"):
            check_folder(tmp_path / folder)


def test_folder_that_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its mode or a read-only disk; root may write anywhere, hence the fake."""
    monkeypatch.setattr("edged.calls.files.os.access", lambda place, _mode: place != tmp_path)
    with pytest.raises(OutputError, match="cannot be written to by this user"):
        check_folder(tmp_path / "a")


def test_no_report_and_no_folder(tmp_path: Path) -> None:
    """What is no report is none; a folder that cannot be made is one line."""
    assert stored_report(tmp_path) is None
    for content in (b"{}", b"\xff", b'{"x":' + b"[" * 5000):
        (tmp_path / "report.json").write_bytes(content)
        assert stored_report(tmp_path) is None
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="expected a folder to write to"):
        write_report(REPORT, tmp_path / "file" / "call", recording=None)
