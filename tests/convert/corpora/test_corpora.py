"""Corpora by an index, folders that find their reader, and the corpora that are at hand."""

from pathlib import Path

import pytest

from convert import corpora as readers
from convert.corpora.index_csv import read_index
from edged.errors import UsageError
from tests.convert.corpora.clips import by_id
from tests.parts.models import layouts


def test_index_of_sound(tmp_path: Path) -> None:
    """Files beside an index; words of other corpora become labels; ties of levels are averaged."""
    (tmp_path / "index.csv").write_text(
        "file,speaker,gender,emotion,voice_level\na.wav,S1,female,calm,37:59\nb.wav,S1,female,surprise,\n",
        encoding="utf-8",
    )
    clips = by_id(tmp_path)
    assert clips["a"].audio == tmp_path / "a.wav"
    assert (clips["a"].label, clips["a"].level, clips["a"].corpus) == ("neutral", 48, tmp_path.name)
    assert clips["b"].label is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", r"index\.csv: columns are \['a', 'b'\]"),
        ("clip,start,n_frames,speaker,emotion\nc,x,1,S,sad\n", r"index\.csv:2: invalid literal"),
        ("", r"index\.csv: columns are \[\]"),
        ("file;speaker;emotion\na.wav;S1;sad\n", r"expected .* with commas between them"),
        ("file,speaker,emotion,emotion\na.wav,S1,sad,sad\n", r"column emotion is there 2 times, expected it once"),
        ("file,speaker,emotion\n,S1,sad\n", r"index\.csv:2: no file, expected a path"),
        ("file,speaker,emotion\n\n,S1,sad\n", r"index\.csv:3: no file"),
        ("file,speaker,emotion,arousal\na.wav,S1,sad,3,5\n", r"index\.csv:2: more fields than columns"),
        ("file,speaker,emotion,arousal\na.wav,S1,sad,high\n", r"index\.csv:2: arousal is 'high', expected a number"),
        ("file,speaker,emotion\na.wav,S1\n", r"index\.csv:2: fewer fields than columns"),
        ('file,speaker,emotion\na.wav,"S1,sad\n', r"index\.csv:2: fewer fields than columns"),
    ],
)
def test_index_wrong(tmp_path: Path, text: str, message: str) -> None:
    """A broken index is one line that names the place."""
    (tmp_path / "index.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_index(tmp_path / "index.csv")


def test_index_of_a_spreadsheet(tmp_path: Path) -> None:
    """The byte order mark that spreadsheets write is no part of the first column's name; another encoding is named."""
    (tmp_path / "index.csv").write_text("file,speaker,emotion\na.wav,Jürgen,sad\n", encoding="utf-8-sig")
    assert by_id(tmp_path)["a"].speaker == "Jürgen"
    (tmp_path / "index.csv").write_text("file,speaker,emotion\na.wav,Jürgen,sad\n", encoding="latin-1")
    with pytest.raises(UsageError, match=r"index\.csv: byte 28 is not UTF-8, expected a CSV file in UTF-8$"):
        read_index(tmp_path / "index.csv")


def test_index_absent(tmp_path: Path) -> None:
    """An index that is not there is named."""
    with pytest.raises(UsageError, match="No such file"):
        read_index(tmp_path / "index.csv")


def test_folder_unknown(tmp_path: Path) -> None:
    """A folder that no reader knows, or that is not there, is an error of use."""
    with pytest.raises(UsageError, match="no layout that is known"):
        readers.read(tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        readers.read(tmp_path / "cremad")


def test_folder_finds_its_reader(tmp_path: Path) -> None:
    """Every layout is known by its own reader and by no other."""
    made = {
        "cremad": layouts.cremad(tmp_path / "a"),
        "ravdess": layouts.ravdess(tmp_path / "b"),
        "emodb": layouts.emodb(tmp_path / "c"),
        "nemo": layouts.nemo(tmp_path / "d"),
        "iemocap": layouts.iemocap(tmp_path / "e"),
        "tess": layouts.tess(tmp_path / "f"),
        "savee": layouts.savee(tmp_path / "g"),
        "emovo": layouts.emovo(tmp_path / "h"),
    }
    assert made.keys() == readers.READERS.keys()
    for name, folder in made.items():
        assert [other for other, reader in readers.READERS.items() if reader.fits(folder)] == [name]


@pytest.mark.parametrize(
    ("name", "n_clips", "n_speakers"),
    [("cremad", 6529, 80), ("ravdess", 1200, 20), ("emodb", 415, 8), ("nemo", 3491, 7), ("emovo", 588, 6)],
)
def test_real_corpora(corpora: Path, name: str, n_clips: int, n_speakers: int) -> None:
    """The corpora at hand: all clips, all speakers, the six labels and nothing else."""
    clips = readers.read(corpora / name)
    assert (len(clips), len({clip.speaker for clip in clips})) == (n_clips, n_speakers)
    assert {clip.corpus for clip in clips} == {name}
    assert {clip.gender for clip in clips} == {"female", "male"}
    assert {clip.label for clip in clips} <= {*readers.LABELS, None}


def test_real_cremad_has_votes(corpora: Path) -> None:
    """Listeners agree with what was meant in two of five answers: the columns are read in their order."""
    voted = [(clip.votes, clip.label) for clip in readers.read(corpora / "cremad") if clip.votes]
    right = sum(votes[readers.LABELS.index(str(label))] for votes, label in voted)
    assert right / sum(sum(votes) for votes, _ in voted) == pytest.approx(0.40, abs=0.005)
