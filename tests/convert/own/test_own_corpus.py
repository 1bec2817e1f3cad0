"""A user's index: labels as they come, blocks of speakers, and what is refused in words."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from convert.corpora.clip import Clip, as_label
from convert.data.own_corpus import OwnCorpus, blocks, read_own
from edged.errors import UsageError

_FEW = ("calm", "tense")


def clip(speaker: str, label: str, number: int = 0) -> Clip:
    """A clip without sound."""
    name = f"{speaker}-{label}-{number}"
    return Clip(id=name, corpus="c", speaker=speaker, gender="", emotion=label, label=label)


def index(folder: Path, rows: Sequence[tuple[str, ...]], columns: str = "file,speaker,emotion") -> Path:
    """An index of empty files: nothing is read but the table."""
    for file, *_ in rows:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).touch()
    lines = [columns, *(",".join(row) for row in rows)]
    (folder / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "index.csv"


def rows(speakers: int, each: int, labels: tuple[str, ...] = _FEW) -> list[tuple[str, str, str]]:
    """``each`` clips of every label and speaker."""
    return [
        (f"s{speaker}/{label}{number}.wav", f"s{speaker}", label)
        for speaker in range(speakers)
        for label in labels
        for number in range(each)
    ]


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("Angry", "angry"),
        ("very sad", "very_sad"),
        (" Calm! ", "calm"),
        ("zorn2", "zorn2"),
        ("Wütend", "wutend"),
        ("énervé", "enerve"),
        ("Ängstlich & böse", "angstlich_bose"),
        ("Spaß", "spass"),
        ("zły", "zly"),
    ],
)
def test_label_is_the_word(word: str, label: str) -> None:
    """In lower case, without what a topic or a template could stumble over."""
    assert as_label(word) == label


def test_corpus_is_read(tmp_path: Path) -> None:
    """Labels in order, files of the same name in two folders apart, the folder's name, no votes."""
    corpus = read_own(index(tmp_path, rows(5, 3)))
    assert corpus.labels == _FEW
    assert len({one.id for one in corpus.clips}) == len(corpus.clips) == 30
    assert corpus.clips[0].id == "s0/calm0"
    assert {one.corpus for one in corpus.clips} == {corpus.name}
    assert corpus.n_folds == 5


def test_every_speaker_is_tested_once_by_others(tmp_path: Path) -> None:
    """Over the folds each clip is tested once; no speaker is on two sides."""
    corpus = read_own(index(tmp_path, rows(7, 3)))
    tested: list[str] = []
    for fold in range(corpus.n_folds):
        sides = corpus.split(fold)
        people = [{one.speaker for one in clips} for clips in sides.values()]
        assert all(people)
        assert sum(map(len, people)) == 7
        tested += [one.id for one in sides["test"]]
    assert sorted(tested) == sorted(one.id for one in corpus.clips)


def test_whole_trains_on_all_but_a_block(tmp_path: Path) -> None:
    """Nobody is tested; one block chooses."""
    corpus = read_own(index(tmp_path, rows(6, 3)))
    sides = corpus.split(None)
    assert not sides["test"]
    assert len(sides["train"]) + len(sides["validation"]) == len(corpus.clips)
    assert {corpus.block_of[one.speaker] for one in sides["validation"]} == {0}


def test_blocks_spread_rare_labels() -> None:
    """Three speakers who alone have a label are in three blocks, and no block is empty."""
    clips = [clip(f"s{speaker}", "calm", number) for speaker in range(8) for number in range(4)]
    clips += [clip(f"s{speaker}", "tense") for speaker in range(3)]
    found = blocks(clips, _FEW)
    assert len({found[f"s{speaker}"] for speaker in range(3)}) == 3
    assert set(found.values()) == set(range(5))
    assert found == blocks(list(reversed(clips)), _FEW)


def test_training_has_every_label() -> None:
    """In every fold, however unevenly labels are spread over speakers."""
    labels = ("calm", "loud", "tense")
    clips = [clip(f"s{speaker}", label, number) for speaker in range(4) for label in labels[:2] for number in range(5)]
    clips += [clip(f"s{speaker}", "tense", number) for speaker in range(3) for number in range(4)]
    corpus = OwnCorpus("c", clips, labels, blocks(clips, labels))
    for fold in range(corpus.n_folds):
        assert {one.label for one in corpus.split(fold)["train"]} == set(labels)


@pytest.mark.parametrize(
    ("column", "others"),
    [
        ("gender", ("female", "male")),
        ("intensity", ("normal", "strong")),
        ("emotion", ("tense", "calm")),
        ("speaker", ("s1", "s0")),
        ("words", ("yes", "no")),
        *[(column, ("3", "4")) for column in ("voice_level", "arousal", "valence", "dominance")],
    ],
)
def test_digest_is_of_all_that_is_learned(tmp_path: Path, column: str, others: tuple[str, str]) -> None:
    """A column that comes later, or another value in it, makes other results; the same index makes the same."""
    first = index(tmp_path, rows(5, 3))
    digests = [read_own(first).digest, read_own(first).digest]
    lines = first.read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    for value in others:
        heads, cells = names, lines[1].split(",")
        if column in names:
            cells[names.index(column)] = value
        else:
            heads, cells = [*names, column], [*cells, value]
        wide = [line + "," * (column not in names) for line in lines[2:]]
        first.write_text("\n".join([",".join(heads), ",".join(cells), *wide]) + "\n", encoding="utf-8")
        digests.append(read_own(first).digest)
    assert digests[0] == digests[1] != digests[2] != digests[3]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (rows(3, 6), "3 speakers (s0, s1, s2), expected 4 or more"),
        ([*rows(4, 6), *rows(2, 6, ("rare",))], "rare has 2 speakers (s0, s1), expected 3 or more"),
        ([*rows(4, 6), *rows(3, 2, ("rare",))], "rare has 6 clips, expected 12 or more"),
        (rows(5, 6, ("calm",)), "1 label (calm), expected 2 to 32"),
        ([*rows(5, 6), ("x.wav", "", "calm")], "x.wav has no speaker"),
        ([*rows(5, 6), ("x.wav", "s1", "")], "x.wav has emotion '', expected a word"),
        ([*rows(5, 6), ("x.wav", "s1", "None")], "x.wav has emotion 'None', expected a word"),
        ([*rows(5, 6), ("s0/calm0.wav", "s0", "calm")], "s0/calm0 is there 2 times"),
        ([*rows(5, 6), ("s1/../s0/calm0.wav", "s0", "calm")], "s0/calm0 is there 2 times"),
        ([*rows(5, 6), ("x.wav", "S1", "calm")], "'s1' and 'S1' would be two speakers, expected one spelling"),
        ([*rows(5, 6), ("x.wav", "", "calm")], "index.csv: x.wav has no speaker"),
        ([], "index.csv: no rows, expected one for each recording"),
    ],
)
def test_too_few_are_refused_in_words(tmp_path: Path, given: list[tuple[str, str, str]], words: str) -> None:
    """One line says what is missing, how much of it there is, and how much is needed."""
    with pytest.raises(UsageError) as caught:
        read_own(index(tmp_path, given))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("first", "second", "label"), [("stress+", "stress-", "stress"), ("müde", "mude", "mude")])
def test_two_words_of_one_label_are_refused(tmp_path: Path, first: str, second: str, label: str) -> None:
    """They would be trained as one emotion, and nothing would say so."""
    given = index(tmp_path, rows(5, 3, ("calm", first, second)))
    with pytest.raises(UsageError, match=rf"would both be the label {label}, expected one spelling"):
        read_own(given)


def test_spellings_of_a_word_are_one_label(tmp_path: Path) -> None:
    """Case, spaces, hyphens and how an accent is stored make no other word."""
    words = ("Très calme", "tre\u0300s-calme", "tense")
    assert read_own(index(tmp_path, rows(5, 3, words))).labels == ("tense", "tres_calme")


def test_missing_files_are_named_before_anything_is_computed(tmp_path: Path) -> None:
    """The first of them, and how many there are."""
    given = index(tmp_path, rows(5, 3))
    (tmp_path / "s1" / "calm0.wav").unlink()
    with pytest.raises(UsageError, match=r"s1/calm0\.wav is not there, expected paths relative to the index"):
        read_own(given)
    (tmp_path / "s2" / "calm0.wav").unlink()
    with pytest.raises(UsageError, match=r"s1/calm0\.wav and 1 other file are not there"):
        read_own(given)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("gender", "f", "expected female or male, or nothing"),
        ("intensity", "Strong", "expected normal or strong, or nothing"),
        ("arousal", "6", "expected 1 to 5"),
    ],
)
def test_values_that_would_be_left_out_are_refused(tmp_path: Path, column: str, value: str, expected: str) -> None:
    """A word that no head knows would be no value at all, and nothing would say so."""
    given = index(tmp_path, [(*row, value) for row in rows(5, 6)], f"file,speaker,emotion,{column}")
    with pytest.raises(UsageError, match=rf"index\.csv: s0/calm0\.wav has {column} '?{value}'?, {expected}"):
        read_own(given)


def test_spaces_around_a_speaker_make_no_other_person(tmp_path: Path) -> None:
    """Nobody is on two sides because of a space."""
    spoken = [(file, f" {name} " if "calm" in file else name, label) for file, name, label in rows(5, 6)]
    assert len(read_own(index(tmp_path, spoken)).block_of) == 5


def test_recordings_elsewhere(tmp_path: Path) -> None:
    """A path may be absolute, or leave the folder of the index."""
    (tmp_path / "own").mkdir()
    given = [(str(tmp_path / "a.wav"), "s0", "calm"), ("../b.wav", "s1", "calm"), *rows(4, 6)]
    assert [one.id for one in read_own(index(tmp_path / "own", given)).clips[:2]] == ["../a", "../b"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("s0\\x.wav", "x.wav is not there, expected paths relative to the index, with / between folders"),
        ("s0", "s0 is a folder, expected the path of a recording"),
        ("x" * 300, "x is not there, expected paths relative to the index"),
    ],
)
def test_paths_that_are_no_file(tmp_path: Path, file: str, words: str) -> None:
    """Windows' separators are named; a folder is not said to be missing."""
    table = index(tmp_path, rows(4, 6))
    table.write_text(f"{table.read_text()}{file},s1,calm\n")
    with pytest.raises(UsageError) as caught:
        read_own(table)
    assert words in str(caught.value)
