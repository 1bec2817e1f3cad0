"""The zoo on a user's own recordings: their labels, folds by speaker, the time of each; too few are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from convert.__main__ import main
from convert.zoo import cascade
from convert.zoo.own_problem import own_problem
from convert.zoo.problems import Places, clips_of, media_of
from convert.zoo.trials import suits, trials_of
from tests.convert.own.recordings import SPEAKERS, write_index

_LABELS = ("calm", "loud", "tense", "wild")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four labels of four speakers."""
    return write_index(tmp_path_factory.mktemp("zoo") / "rooms", _LABELS)


def test_problem_is_the_recordings(index: Path, tmp_path: Path) -> None:
    """Every clip is tested once over the folds; what was made for certain corpora runs too, but no shipped cascade."""
    problem, places = own_problem(index), Places(tmp_path, tmp_path, tmp_path, index)
    assert problem.name.startswith("own-rooms-")
    assert (problem.labels, problem.n_folds) == (_LABELS, len(SPEAKERS))
    clips = clips_of(problem.name, places)
    tested = [clip.id for fold in range(problem.n_folds) for clip in problem.sides(clips, fold)["test"]]
    assert sorted(tested) == sorted(clip.id for clip in clips)
    media = media_of(clips)
    assert media == {"sound", "log-mel"}
    assert suits(problem, "own trunk with SimAM", media)
    assert suits(problem, "1-D CNN", media)
    assert suits(problem, "own trunk with SimAM", problem.comes_with)
    assert not [one for one in cascade.summaries() if one.problem == problem.name]


def test_changed_recordings_have_no_results(tmp_path: Path) -> None:
    """After a label was corrected, nothing that is stored is taken for a result; another table is of other trials."""
    index = write_index(tmp_path / "rooms", _LABELS, each=4)
    before = trials_of(own_problem(index), "LR on eight")
    text = index.read_text(encoding="utf-8")
    index.write_text(text.replace("ada,calm", "ada,loud", 1), encoding="utf-8")
    own_problem.cache_clear()  # as in a process of its own
    after = trials_of(own_problem(index), "LR on eight")
    assert not {trial.name for trial in before} & {trial.name for trial in after}
    index.write_text(text, encoding="utf-8")
    own_problem.cache_clear()
    assert trials_of(own_problem(index), "LR on eight") == before


def test_table_of_own_recordings(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One command; a second reads what is there."""
    places = ["--corpora", str(tmp_path), "--text", str(tmp_path), "--work", str(tmp_path / "work"), "--jobs", "1"]
    named = ["--own", str(index), "--model", "LR on encoder", "--seeds", "1"]
    for more in ([], ["--stored"]):
        assert main(["zoo", *named, *places, "--json", *more]) == 0
        (row,) = json.loads(capsys.readouterr().out)
        assert (row["problem"], row["n_speakers"], row["n_folds"]) == (own_problem(index).name, 4, 4)
        assert row["uar"] > 0.5
        assert row["seconds"] is not None
        assert row["command"].endswith("--own INDEX.csv --seeds 1")
    assert main(["zoo", *named, *places, "--stored"]) == 0
    table = capsys.readouterr().out
    assert table.startswith("## rooms, your own recordings\n")  # the table alone, not the page
    assert "| bundle " not in table
    assert '`python -m convert zoo --model "NAME" --own INDEX.csv --seeds SEEDS` makes a row again' in table
    page = tmp_path / "rooms.md"
    assert main(["zoo", *named, *places, "--stored", "--page", str(page)]) == 0
    assert page.read_text(encoding="utf-8").startswith("![UAR against multiply-adds, by corpus](zoo.png)\n\n## rooms,")
    assert (tmp_path / "zoo.png").is_file()


@pytest.mark.parametrize("start", [["zoo", "--model", "LR on encoder", "--jobs", "1"], ["all", "--fresh"]])
def test_silent_recording_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], start: list[str]) -> None:
    """A muted microphone would be learned as an emotion."""
    index = write_index(tmp_path / "muted", _LABELS[:2], each=6)
    soundfile.write(tmp_path / "muted" / "ben" / "calm-1.wav", np.zeros(16_000), 16_000)
    places = ["--corpora", str(tmp_path), "--work", str(tmp_path / "work")]
    assert main([*start, "--own", str(index), *places]) == 64
    assert "ben/calm-1.wav holds no sound, expected speech: record again, or leave out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [(["--corpus", "emodb"], "--corpus: not with --own"), ([], "2 speakers (ada, ben), expected 4 or more")],
)
def test_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str) -> None:
    """In words, with status 64."""
    index = write_index(tmp_path / "few", _LABELS[:2], SPEAKERS[:2], 1)
    places = ["--corpora", str(tmp_path), "--text", str(tmp_path), "--work", str(tmp_path / "work")]
    assert main(["zoo", "--own", str(index), *places, *more]) == 64
    assert words in capsys.readouterr().err
