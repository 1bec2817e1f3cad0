"""``python -m convert zoo``: trains, resumes, and writes the page."""

import json
from pathlib import Path

import pytest

from convert.__main__ import main
from convert.tasks.processes import Processes
from convert.zoo.catalogue import ENTRIES
from convert.zoo.problems import Places, named
from convert.zoo.trials import suits
from tests.convert.zoo.test_running import AtOnce


def command(places: Places, work: Path, *more: str) -> list[str]:
    """The command on the corpus of tones."""
    folders = ["--corpora", str(places.corpora), "--text", str(places.text), "--work", str(work)]
    return ["zoo", *folders, "--corpus", "emodb", *more]


def test_page_of_both_protocols(places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One command trains in processes, and writes a page with both protocols; again, it only reads."""
    page = tmp_path / "zoo.md"
    models = ["--model", "MNB on eight", "--seeds", "1"]
    assert main([*command(places, places.work, *models), "--jobs", "2", "--page", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "| MNB on eight | **" in text
    assert "Sahu 2019" in text
    assert main([*command(places, places.work, *models), "--stored", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["leaky_uar"] is not None
    assert (row["seeds"], row["n_folds"]) == ([1], 8)
    assert row["command"] == 'python -m convert zoo --model "MNB on eight" --corpus emodb --seeds 1'


def test_first_seed_of_all_before_the_second(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is interrupted has whole rows: the table's order is by seed first."""
    workers = AtOnce()
    monkeypatch.setattr(Processes, "results", lambda _self, jobs: workers.results(jobs))
    assert main(command(places, tmp_path, "--model", "LR on eight", "SVM on eight", "--seeds", "3", "1")) == 0
    ran = [trial.seed for trial in workers.ran]
    assert ran == sorted(ran, reverse=True)
    assert set(ran) == {1, 3}
    assert "SVM on eight" in capsys.readouterr().out


@pytest.mark.parametrize(("more", "weights"), [([], "x"), (["--slow"], ""), (["--slow"], "x")])
def test_slow_is_every_row(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], weights: str
) -> None:
    """One command makes every row that is possible: what takes long too, and what has weights of the user's own."""
    workers = AtOnce()
    monkeypatch.setattr(Processes, "results", lambda _self, jobs: workers.results(jobs))
    monkeypatch.setenv("EDGED_WAV2VEC2", weights)
    assert main(command(places, tmp_path, *more, "--seeds", "1")) == 0
    possible = {name for name in ENTRIES if suits(named("emodb"), name, frozenset({"sound", "log-mel"}))}
    left_out = {name for name in possible if ENTRIES[name].reason and not (more and weights)}
    if more and not weights:
        left_out = {"wav2vec 2.0, rate 0.01", "wav2vec 2.0, rate 1e-05"}
    assert {"AlexNet", "ResNet-34", "wav2vec 2.0, rate 0.01"} < possible
    assert {trial.entry for trial in workers.ran} == possible - left_out


def test_unknown_names(places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line with the nearest name, status 64."""
    assert main(command(places, tmp_path, "--model", "RF on egemap")) == 64
    assert '--model RF on egemap: did you mean "RF on egemaps"? --list names all' in capsys.readouterr().err
    assert main(command(places, tmp_path, "--model", "?")) == 64
    assert "--model ?: expected a name that --list prints" in capsys.readouterr().err
    assert main(command(places, tmp_path, "--corpus", "emodbb")) == 64
    assert '--corpus emodbb: did you mean "emodb"? --list names all' in capsys.readouterr().err


def test_nothing_is_stored(places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No empty table: a line that says where results were looked for; JSON is an empty list."""
    stored = command(places, tmp_path, "--model", "RF on eight", "--stored")
    assert main(stored) == 64
    assert f"--stored: no results of these recognisers in {tmp_path / 'zoo' / 'results'}" in capsys.readouterr().err
    assert main([*stored, "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"


def test_model_that_cannot_run(places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recogniser of words on clips that have none is refused, not left out of the table."""
    assert main(command(places, tmp_path, "--model", "RF on words")) == 64
    message = capsys.readouterr().err
    assert "--model RF on words: cannot run on these clips, expected words of goemotions" in message


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Every recogniser and corpus by name, in 80 columns."""
    assert main(["zoo", "--list"]) == 0
    text = capsys.readouterr().out
    assert "RF on eight" in text
    assert "iemocap-4" in text
    assert "named, or with --slow:" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
