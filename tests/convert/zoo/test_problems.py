"""Problems: what is recognised on which clips, and that no speaker is on two sides."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from convert.corpora.clip import LABELS
from convert.data import splits
from convert.zoo import problems
from convert.zoo.problems import PROBLEMS, Places, clips_of, media_of, named
from edged.errors import UsageError

EMOTIONS = ("ang", "exc", "fea", "fru", "hap", "neu", "sad", "sur", "xxx")


@pytest.fixture(scope="module")
def iemocap(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Five sessions of made-up turns in IEMOCAP's layout, each emotion once a speaker, with what was said."""
    folder = tmp_path_factory.mktemp("corpora")
    for session in range(1, 6):
        home = folder / "iemocap" / f"Session{session}"
        dialog = f"Ses0{session}F_impro01"
        tables, words, sounds = (
            home / "dialog" / "EmoEvaluation",
            home / "dialog" / "transcriptions",
            home / "sentences" / "wav" / dialog,
        )
        for made in (tables, words, sounds):
            made.mkdir(parents=True)
        turns = [f"{dialog}_{speaker}{number:03}" for speaker in "FM" for number in range(len(EMOTIONS))]
        rows = [
            f"[6.0000 - 8.0000]\t{turn}\t{EMOTIONS[index % len(EMOTIONS)]}\t[2.5000, 3.0000, 2.0000]"
            for index, turn in enumerate(turns)
        ]
        (tables / f"{dialog}.txt").write_text("\n".join(rows) + "\n", encoding="latin-1")
        said = [f"{turn} [006.0000-008.0000]: Excuse me, {turn[-3:]}." for turn in turns]
        (words / f"{dialog}.txt").write_text("\n".join(said) + "\n", encoding="latin-1")
        for turn in turns:
            soundfile.write(sounds / f"{turn}.wav", np.zeros(160), 16_000)
    return Places(folder, folder / "work", folder / "text")


@pytest.mark.parametrize(("n_classes", "emotions"), [(4, 5), (6, 6), (8, 8)])
def test_iemocap_by_session(iemocap: Places, n_classes: int, emotions: int) -> None:
    """4 classes (excited counts as happy), 6 or 8; a fold tests one session's woman and man, another one validates."""
    problem = named(f"iemocap-{n_classes}")
    clips = clips_of(problem.name, iemocap)
    assert (len(problem.labels), len(clips)) == (n_classes, 5 * 2 * emotions)
    assert media_of(clips) == problem.comes_with == {"sound", "log-mel", "words"}
    for fold in range(problem.n_folds):
        sides = problem.sides(clips, fold)
        speakers = {side: {clip.speaker for clip in sides[side]} for side in sides}
        assert speakers["test"] == {f"IEMOCAP_{fold + 1}F", f"IEMOCAP_{fold + 1}M"}
        assert len(speakers["validation"]) == 2
        assert len(speakers["train"] | speakers["validation"] | speakers["test"]) == 10


def test_sentences_keep_their_authors_split(places: Places) -> None:
    """Each is a speaker of its own, with words and no sound."""
    problem = named("goemotions")
    clips = clips_of("goemotions", places)
    assert media_of(clips) == problem.comes_with == {"words"}
    sides = problem.sides(clips, 0)
    assert {side: len(sides[side]) for side in sides} == dict.fromkeys(("train", "validation", "test"), 7 * 12)


def test_pairs_match_by_label(tmp_path: Path, places: Places) -> None:
    """Each clip has a sentence of its own label, and no block of speakers has one of another block."""
    listed = splits.assignments("ravdess")
    folder = tmp_path / "corpora" / "ravdess"
    folder.mkdir(parents=True)
    rows = [f"{name}_{label}.wav,{name},{label}" for name in listed for label in LABELS]
    (folder / "index.csv").write_text("\n".join(["file,speaker,emotion", *rows]) + "\n", encoding="utf-8")
    clips = clips_of("pairs", Places(tmp_path / "corpora", tmp_path, places.text))
    assert len(clips) == len(rows)
    assert media_of(clips) == named("pairs").comes_with
    said = {
        "angry": "furious",
        "disgust": "gross",
        "fear": "scared",
        "happy": "glad",
        "neutral": "table",
        "sad": "crying",
    }
    assert all(said[str(clip.label)] in clip.words for clip in clips)


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name in splits.N_BLOCKS])
def test_cascades_problems_have_its_labels_and_folds(name: str) -> None:
    """The same speakers as the cascade's own folds."""
    problem = named(name)
    assert problem.labels == LABELS
    assert problem.n_folds == splits.N_BLOCKS[name] // splits.TEST_BLOCKS[name]


def test_absent_corpus(tmp_path: Path) -> None:
    """A corpus that is not there is left out of the whole table."""
    nowhere = Places(tmp_path, tmp_path, tmp_path)
    assert not any(problem.present(nowhere) for problem in PROBLEMS.values())


def test_unknown_name() -> None:
    """One line with what there is."""
    with pytest.raises(UsageError, match=r"corpus 'iemocap': expected some of cremad, ravdess"):
        problems.named("iemocap")
