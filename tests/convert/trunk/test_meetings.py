"""Meetings: turns, and windows without labels where somebody speaks."""

from pathlib import Path

import pytest
import soundfile

from convert.data import recordings
from convert.data.meetings import joined, meetings, windows
from edged.errors import UsageError
from tests.parts.models import layouts


def test_windows_are_mostly_speech(tmp_path: Path) -> None:
    """Of six seconds with turns from .5 to 5.5 s, whole windows of 3 s with 60 % of speech, as files of that sound."""
    found = meetings(layouts.ami(tmp_path / "ami"), "train")
    ((recording, turns),) = found
    clips = windows([(recording, [(0.5, 2.4), (4.5, 5.5)])], tmp_path / "pieces")
    assert [clip.id for clip in clips] == ["trn00-00"]
    assert [(clip.corpus, clip.speaker, clip.label) for clip in clips] == [("ami", "trn00", None)]
    assert turns
    clips = windows([(recording, [(0.5, 5.5)])], tmp_path / "pieces")
    assert [clip.id for clip in clips] == ["trn00-00", "trn00-01", "trn00-02", "trn00-03"]
    whole = recordings.samples(Path(str(recording.audio)))
    assert (recordings.samples(Path(str(clips[1].audio))) == whole[16_000:64_000]).all()


def test_windows_are_written_once(tmp_path: Path) -> None:
    """A second training finds them."""
    found = meetings(layouts.ami(tmp_path / "ami"), "train")
    ((recording, _),) = found
    (clip,) = windows([(recording, [(0.0, 2.0)])], tmp_path / "pieces")
    file = Path(str(clip.audio))
    assert soundfile.info(file).frames == 48_000
    before = file.stat().st_mtime_ns
    assert windows([(recording, [(0.0, 2.0)])], tmp_path / "pieces") == [clip]
    assert file.stat().st_mtime_ns == before


def test_turns_that_meet_are_one() -> None:
    """Overlapping turns and turns less than 0.3 s apart are merged, in any order."""
    assert joined([(4.5, 5.5), (0.5, 1.5), (1.6, 2.4), (0.6, 1.0)]) == [(0.5, 2.4), (4.5, 5.5)]


@pytest.mark.parametrize("start", ["soon", "\xff"])
def test_damaged_turns(tmp_path: Path, start: str) -> None:
    """One line that names the file."""
    (tmp_path / "a.rttm").write_bytes(f"SPEAKER trn00 1 {start} 2.0 <NA>\n".encode("latin-1"))
    with pytest.raises(UsageError, match=r"a\.rttm: .*, expected turns: SPEAKER name 1 start_s length_s"):
        meetings(tmp_path, "train")


def test_absent_corpus(tmp_path: Path) -> None:
    """No folder, no meetings."""
    assert meetings(tmp_path / "ami", "train") == []
