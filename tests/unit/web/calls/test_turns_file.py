"""turns_file: RTTM and CSV that a browser sends, by their first bytes; anything else is refused with a sentence."""

from pathlib import Path

import pytest

from edged.web.calls.turns_file import received_turns
from edged.web.endpoint import Fault

RTTM = b"SPEAKER call 1 0.0 3.2 <NA> <NA> A <NA> <NA>\nSPEAKER call 1 3.4 2.0 <NA> <NA> B <NA> <NA>\n"
CSV = b"\xef\xbb\xbfstart_s,end_s,speaker\r\n0,3.2,B\r\n3.4,9,customer\r\n"


@pytest.mark.parametrize(
    ("content", "name", "speakers"), [(RTTM, "turns.rttm", ["A", "B"]), (CSV, "turns.csv", ["B", "customer"])]
)
def test_turns_of_both_kinds(tmp_path: Path, content: bytes, name: str, speakers: list[str]) -> None:
    """The first line says which it is; the speakers come in order."""
    assert received_turns(content, tmp_path, "call.wav") == (tmp_path / name, speakers)
    assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no column start_s"),
        (b"start_s,end_s,speaker\n", "no turns"),
        (b"start_s,end_s,speaker\n1,x,A\n", "line 2: 'x' is no time, expected seconds"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"file,start_s,end_s,speaker\nother,1,2,A\n", "no turns in the turns, expected lines named call"),
        (b"start_s,end_s,speaker\n" + b"".join(b"1,2,%d\n" % n for n in range(30)), "30 speakers, expected 20 at most"),
    ],
    ids=["empty", "none", "words", "bytes", "other", "many"],
)
def test_turns_that_cannot_be_used(tmp_path: Path, content: bytes, sentence: str) -> None:
    """A sentence without a path, and nothing is left on disk."""
    with pytest.raises(Fault) as raised:
        received_turns(content, tmp_path, "call.wav")
    assert sentence in raised.value.sentence
    assert str(tmp_path) not in raised.value.sentence
    assert raised.value.sentence.startswith("The turns ")
    assert list(tmp_path.iterdir()) == []
