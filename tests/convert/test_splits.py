"""Lists of speakers: no one on two sides, folds that cover all, the draw that made them."""

from collections import Counter
from pathlib import Path

import pytest

from convert.data import splits
from edged.errors import UsageError

CORPORA = ("cremad", "emodb", "nemo", "ravdess")


@pytest.mark.parametrize("corpus", CORPORA)
def test_committed_list(corpus: str) -> None:
    """Each split has speakers, the test split of both genders; a block lies in one split."""
    listed = splits.assignments(corpus)
    by_split = Counter(speaker.split for speaker in listed.values())
    assert by_split.keys() == set(splits.SPLITS)
    assert {speaker.gender for speaker in listed.values() if speaker.split == "test"} == {"female", "male"}
    for block in {speaker.block for speaker in listed.values()}:
        assert len({speaker.split for speaker in listed.values() if speaker.block == block}) == 1


def test_lists_are_drawn_again(corpora: Path, tmp_path: Path) -> None:
    """The committed function makes the committed lists of the given speakers, byte for byte."""
    splits.write(corpora, tmp_path)
    for corpus in CORPORA:
        assert (tmp_path / f"{corpus}.csv").read_bytes() == (splits.FOLDER / f"{corpus}.csv").read_bytes()


@pytest.mark.parametrize(("corpus", "n_folds"), [("cremad", 5), ("ravdess", 5), ("emodb", 8), ("nemo", 7)])
def test_folds_cover_all(corpus: str, n_folds: int) -> None:
    """Over the folds every speaker is tested on once; in each fold all three splits have speakers."""
    speakers = splits.assignments(corpus).keys()
    tested: Counter[str] = Counter()
    for fold in range(n_folds):
        found = splits.split_of(corpus, speakers, fold)
        assert set(found.values()) == set(splits.SPLITS)
        tested.update(name for name, split in found.items() if split == "test")
    assert tested == dict.fromkeys(speakers, 1)


def test_fold_0_of_cremad_is_the_committed_split() -> None:
    """Blocks 0 and 1 are the test side, block 2 is validation."""
    speakers = splits.assignments("cremad").keys()
    assert splits.split_of("cremad", speakers, 0) == splits.split_of("cremad", speakers)


@pytest.mark.parametrize("corpus", ["cremad", "ravdess", "emodb", "nemo"])
def test_shared_folds_cover_all(corpus: str) -> None:
    """Five folds of several corpora test every speaker, those of a short list twice; the first is the committed one."""
    speakers = splits.assignments(corpus).keys()
    tested: Counter[str] = Counter()
    for fold in range(splits.SHARED_FOLDS):
        found = splits.shared_split_of(corpus, speakers, fold)
        assert set(found.values()) == set(splits.SPLITS)
        tested.update(name for name, split in found.items() if split == "test")
    assert tested.keys() == speakers
    assert max(tested.values()) <= 2
    assert splits.shared_split_of(corpus, speakers, 0) == splits.split_of(corpus, speakers)
    with pytest.raises(UsageError, match="fold 5"):
        splits.shared_split_of(corpus, speakers, 5)


def test_speaker_of_no_list_is_trained_on() -> None:
    """The published corpora have more speakers than the lists."""
    for fold in (None, 0, 4):
        assert splits.split_of("cremad", ["CREMAD_1091"], fold) == {"CREMAD_1091": "train"}


@pytest.mark.parametrize(("corpus", "fold"), [("cremad", 5), ("emodb", -1), ("tess", 0)])
def test_fold_unknown(corpus: str, fold: int) -> None:
    """A fold that is not there is an error of use."""
    with pytest.raises(UsageError, match=f"fold {fold} of {corpus}"):
        splits.split_of(corpus, ["x"], fold)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("speaker,block\nA,1\n", "columns are"),
        ("speaker,gender,block,split\nA,female,0,test\nA,female,1,train\n", ":3: A is listed twice"),
        ("speaker,gender,block,split\nA,female,0,dev\n", ":2: .* expected a block's number and one of train"),
        ("speaker,gender,block,split\nA,female,x,test\n", ":2: .* expected a block's number"),
    ],
)
def test_list_wrong(tmp_path: Path, text: str, message: str) -> None:
    """A list that would put a speaker on two sides, or into no split, is refused."""
    (tmp_path / "cremad.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        splits.assignments("cremad", tmp_path)


def test_list_absent() -> None:
    """A corpus without a list has no assignments."""
    assert splits.assignments("savee") == {}
