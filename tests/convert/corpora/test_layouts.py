"""The readers of each layout as its authors publish it, and of files that are not of it."""

from collections import Counter
from pathlib import Path

import pytest

from convert import corpora as readers
from convert.corpora import iemocap
from edged.errors import UsageError
from tests.convert.corpora.clips import by_id
from tests.parts.models import layouts


def test_cremad_authors_layout(tmp_path: Path) -> None:
    """Speaker, gender, label, votes of listeners without video, and the level of tied answers."""
    clips = by_id(layouts.cremad(tmp_path))
    clip = clips["1018_DFA_ANG_XX"]
    assert (clip.corpus, clip.speaker, clip.gender, clip.label) == ("cremad", "CREMAD_1018", "female", "angry")
    assert clip.votes == (5, 5, 0, 0, 1, 1)
    assert clip.level == pytest.approx((37.2 + 58.6) / 2)
    assert clip.padded_s == 3
    assert clips["1005_DFA_SAD_XX"].votes is None
    assert Counter(clip.label for clip in clips.values()) == dict.fromkeys(readers.LABELS, 3)


def test_cremad_without_tables(tmp_path: Path) -> None:
    """The wavs alone are a corpus."""
    (layouts.cremad(tmp_path) / "VideoDemographics.csv").unlink()
    (tmp_path / "processedResults" / "tabulatedVotes.csv").unlink()
    assert {clip.gender for clip in readers.read(tmp_path)} == {""}


@pytest.mark.parametrize(
    ("corpus", "name", "said"),
    [
        ("cremad", "AudioWAV/hello.wav", "CREMA-D, expected one like 1001_DFA_ANG_XX.wav"),
        ("cremad", "AudioWAV/1018_DFA_JOY_XX.wav", "CREMA-D"),
        ("ravdess", "Actor_02/hello.wav", "RAVDESS, expected one like 03-01-05-01-01-01-01.wav"),
        ("emodb", "wav/hello.wav", "EMO-DB, expected one like 03a01Fa.wav"),
        ("tess", "OAF_neutral/hello.wav", "TESS, expected one like OAF_back_angry.wav"),
        ("tess", "OAF_neutral/OAF_back_joy.wav", "TESS"),
        ("emovo", "EMOVO/f1/hello.wav", "EMOVO, expected one like f1/rab-f1-b1.wav"),
        ("emovo", "EMOVO/f1/ira-f1-b1.wav", "EMOVO"),
        ("savee", "AudioData/DC/hello.wav", "SAVEE, expected one like DC/a01.wav or DC_a01.wav"),
    ],
)
def test_wrong_name(tmp_path: Path, corpus: str, name: str, said: str) -> None:
    """A file that is not of the corpus is named."""
    layouts.sound(getattr(layouts, corpus)(tmp_path) / name)
    with pytest.raises(UsageError, match=rf"{name}: not a name of {said}"):
        readers.read(tmp_path)


def test_cremad_wrong_table(tmp_path: Path) -> None:
    """A table with other columns is named."""
    table = layouts.cremad(tmp_path) / "processedResults" / "tabulatedVotes.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"tabulatedVotes\.csv: ''"):
        readers.read(tmp_path)


def test_cremad_table_cut_off(tmp_path: Path) -> None:
    """A table whose last row ends early is named."""
    table = layouts.cremad(tmp_path) / "processedResults" / "tabulatedVotes.csv"
    header = table.read_text(encoding="utf-8").splitlines()[0]
    table.write_text(f"{header}\n100001,3\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"tabulatedVotes\.csv: .*, expected the columns of CREMA-D's"):
        readers.read(tmp_path)


def test_ravdess_authors_layout(tmp_path: Path) -> None:
    """Calm is neutral, surprise has no label, song is left out."""
    clips = by_id(layouts.ravdess(tmp_path))
    assert len(clips) == 8
    assert clips["03-01-02-01-01-01-02"].emotion == "calm"
    assert clips["03-01-02-01-01-01-02"].label == "neutral"
    assert clips["03-01-08-01-01-01-02"].label is None
    assert {(clip.speaker, clip.gender, clip.intensity) for clip in clips.values()} == {
        ("RAVDESS_02", "female", "normal")
    }


def test_emodb_authors_layout(tmp_path: Path) -> None:
    """The letter is the first of a German word; boredom has no label."""
    clips = by_id(layouts.emodb(tmp_path))
    assert len(clips) == 21
    assert clips["15a01Wa"].label == "angry"
    assert (clips["15a01La"].emotion, clips["15a01La"].label) == ("boredom", None)
    assert (clips["13a01Ta"].speaker, clips["13a01Ta"].gender) == ("EMODB_13", "female")


def test_nemo_authors_layout(tmp_path: Path) -> None:
    """Spaces before the speaker are cut, quotation marks are text, surprise has no label."""
    clips = readers.read(layouts.nemo(tmp_path))
    assert {clip.speaker for clip in clips} == {"nEMO_WR0"}
    assert [clip.label for clip in clips] == ["angry", "fear", "happy", "neutral", "sad", None]


def test_nemo_absent_sound(tmp_path: Path) -> None:
    """A file that the table names and that is not there is an error, not a smaller corpus."""
    (layouts.nemo(tmp_path) / "samples" / "WR0_fear_1.wav").unlink()
    with pytest.raises(UsageError, match=r"WR0_fear_1\.wav: not there"):
        readers.read(tmp_path)


def test_iemocap_authors_layout(tmp_path: Path) -> None:
    """Speaker from the turn's own letter; valence, arousal, dominance kept; excitement is happy."""
    clips = by_id(layouts.iemocap(tmp_path))
    clip = clips["Ses01F_impro01_F002"]
    assert (clip.emotion, clip.label, clip.speaker, clip.gender) == ("excited", "happy", "IEMOCAP_1F", "female")
    assert (clip.valence, clip.arousal, clip.dominance) == (2.5, 3.5, 1.5)
    assert clips["Ses01F_impro01_M001"].speaker == "IEMOCAP_1M"
    assert sum(clip.label is None for clip in clips.values()) == 3


def test_iemocap_transcriptions(tmp_path: Path) -> None:
    """Each turn has its words; a remark is no turn, and a turn without words stays without."""
    clips = by_id(layouts.iemocap(tmp_path))
    assert clips["Ses01F_impro01_F000"].words == "I am so angry with you."
    assert clips["Ses01F_impro01_M001"].words == "That is disgusting, it makes me sick."
    assert clips["Ses01F_impro01_M003"].words == ""


def test_iemocap_without_transcriptions(tmp_path: Path) -> None:
    """They may be absent: the clips are the same, without words."""
    folder = layouts.iemocap(tmp_path)
    (folder / "Session1" / "dialog" / "transcriptions" / "Ses01F_impro01.txt").unlink()
    clips = by_id(folder)
    assert len(clips) == 10
    assert {clip.words for clip in clips.values()} == {""}


def test_acted_corpora_say_what_is_spoken(tmp_path: Path) -> None:
    """The name of a clip says which sentence it is, and the sentence is known."""
    assert by_id(layouts.cremad(tmp_path / "a"))["1018_DFA_ANG_XX"].words == "Don't forget a jacket."
    assert {clip.sentence for clip in readers.read(layouts.ravdess(tmp_path / "b"))} <= {"01", "02"}
    assert all(clip.words for clip in readers.read(layouts.emodb(tmp_path / "c")))


@pytest.mark.parametrize(("n_classes", "found"), [(4, 5), (6, 6), (8, 8)])
def test_iemocap_classes(tmp_path: Path, n_classes: iemocap.Classes, found: int) -> None:
    """The literature's 4, 6 or 8 classes; of the four, happy is two."""
    clips = iemocap.read(layouts.iemocap(tmp_path), n_classes)
    labels = [clip.label for clip in clips if clip.label]
    assert len(labels) == found
    assert len(set(labels)) == n_classes


def test_tess_authors_layout(tmp_path: Path) -> None:
    """Folders spelt in two ways, a name without its F, pleasant surprise."""
    clips = by_id(layouts.tess(tmp_path))
    assert {clip.speaker for clip in clips.values()} == {"TESS_OAF", "TESS_YAF"}
    assert clips["OAF_back_ps"].label is None
    assert clips["OA_bite_neutral"].speaker == "TESS_OAF"


def test_emovo_authors_layout(tmp_path: Path) -> None:
    """Seven states by the first letters of their Italian words; surprise has no label."""
    clips = by_id(layouts.emovo(tmp_path))
    assert len(clips) == 14
    assert (clips["rab-f1-b1"].label, clips["gio-f1-b1"].label, clips["sor-f1-b1"].label) == ("angry", "happy", None)
    assert (clips["tri-m3-b1"].speaker, clips["tri-m3-b1"].gender) == ("EMOVO_m3", "male")


def test_emovo_without_its_outer_folder(tmp_path: Path) -> None:
    """The speakers' folders alone are a corpus."""
    assert len(readers.read(layouts.emovo(tmp_path) / "EMOVO")) == 14


@pytest.mark.parametrize("flat", [False, True])
def test_savee_both_layouts(tmp_path: Path, flat: bool) -> None:  # noqa: FBT001 - the parameter itself
    """The same clips, whichever way they lie."""
    clips = by_id(layouts.savee(tmp_path, flat=flat))
    assert len(clips) == 14
    assert (clips["DC_sa01"].label, clips["DC_su01"].label, clips["KL_a01"].speaker) == ("sad", None, "SAVEE_KL")
