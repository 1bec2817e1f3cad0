"""Turns from RTTM and CSV, of one recording or many."""

from pathlib import Path

import pytest

from edged.calls.settings import Turn
from edged.calls.voices.turns import Turns
from edged.errors import RecordingError, UsageError

RTTM = """\
;; a comment
SPEAKER call 1 3.5 2.5 <NA> <NA> customer <NA> <NA>
SPEAKER call 1 0.0 3.0 <NA> <NA> agent <NA> <NA>

SPEAKER other.wav 1 0 1 <NA> <NA> agent <NA>
"""


def written(folder: Path, name: str, text: str) -> Path:
    """A file of turns."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_rttm(tmp_path: Path) -> None:
    """Turns by recording, with or without its suffix, in order of time."""
    turns = Turns(written(tmp_path, "calls.rttm", RTTM))
    assert turns.of(Path("there/call.wav")) == (Turn(0.0, 3.0, "agent"), Turn(3.5, 6.0, "customer"))
    assert turns.of(Path("other.wav")) == (Turn(0.0, 1.0, "agent"),)
    assert turns.speakers() == ["agent", "customer"]


def test_csv_of_one_recording_needs_no_name(tmp_path: Path) -> None:
    """A table as a spreadsheet writes it, with a byte order mark."""
    turns = Turns(written(tmp_path, "turns.csv", "\ufeffstart_s,end_s,speaker\r\n0,2.5,A\r\n3,4,B\r\n"))
    assert turns.of(Path("any.mp3")) == (Turn(0.0, 2.5, "A"), Turn(3.0, 4.0, "B"))


def test_recording_without_turns_costs_that_recording(tmp_path: Path) -> None:
    """The error is that of one recording."""
    with pytest.raises(RecordingError, match=r"third\.wav: no turns in .*calls\.rttm, expected lines named third"):
        Turns(written(tmp_path, "calls.rttm", RTTM)).of(Path("third.wav"))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.rttm", "SPEAKER call 1 0 1\n", "a.rttm:1: 5 fields, expected RTTM"),
        ("a.rttm", "SPEAKER call 1 now 1 <NA> <NA> A\n", "a.rttm:1: 'now' is no time, expected seconds"),
        ("a.rttm", "SPEAKER call 1 -1 1 <NA> <NA> A\n", "a.rttm:1: 'A' from -1 to 0 s, expected a name"),
        ("a.csv", "start,end,who\n", "a.csv: no column start_s, expected RTTM"),
        ("a.csv", "start_s,end_s,speaker\n2,1,A\n", "a.csv:2: 'A' from 2 to 1 s"),
        ("a.csv", "start_s,end_s,speaker\n0,inf,A\n", "a.csv:2: 'inf' is no time"),
        ("a.csv", "start_s,end_s,speaker\n0,1,\n", "a.csv:2: '' from 0 to 1 s"),
        ("a.csv", "start_s,end_s,speaker\n0\n", "a.csv:2: '' is no time"),
        ("a.csv", "", "a.csv: no column start_s"),
        ("a.csv", "start_s,end_s,speaker\n", "a.csv: no turns"),
    ],
)
def test_faults_name_the_line(tmp_path: Path, name: str, text: str, words: str) -> None:
    """Every fault is one line with file, line and what is expected."""
    with pytest.raises(UsageError) as caught:
        Turns(written(tmp_path, name, text))
    assert words in str(caught.value)


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Absent, or not text."""
    with pytest.raises(UsageError, match="No such file"):
        Turns(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        Turns(tmp_path / "b.csv")
