"""Figures beside the page: what is there stays, is not run again, and gives way to what has more folds or seeds."""

from dataclasses import replace
from pathlib import Path

import pytest

from convert.zoo import figures
from convert.zoo.problems import named
from convert.zoo.summary import Summary, summaries
from convert.zoo.trials import Trial, trials_of
from edged.errors import UsageError
from tests.convert.zoo.test_running import a_result

TRIALS = trials_of(named("emodb"), "MNB on eight", (1, 2, 3))


@pytest.fixture
def whole() -> Summary:
    """Every fold of three seeds, and the leaky protocol; means with more digits than a table shows."""
    results = {trial: {**a_result(trial), "commit": "abc", "top3": 0.57 + trial.fold / 700} for trial in TRIALS}
    (found,) = summaries(results)
    return found


def test_file_keeps_them(whole: Summary, tmp_path: Path) -> None:
    """As they were, to the last digit: a page of new figures is that of the stored ones.  There may be no file yet."""
    assert figures.read(tmp_path / "zoo.json") == []
    figures.write(tmp_path / "zoo.json", [whole, replace(whole, problem="nemo", top3=None)])
    assert figures.read(tmp_path / "zoo.json") == [whole, replace(whole, problem="nemo", top3=None)]


def test_damaged_file(tmp_path: Path) -> None:
    """One line that names it."""
    file = tmp_path / "zoo.json"
    file.write_text('[{"problem": "emodb"}]', encoding="utf-8")
    with pytest.raises(UsageError, match=r"zoo\.json: .*`entry`.*expected figures that"):
        figures.read(file)
    file.write_bytes(b'[{"x":' + b"[" * 5000)
    with pytest.raises(UsageError, match=r"zoo\.json: .*expected figures that"):
        figures.read(file)


def test_more_folds_and_seeds_win(whole: Summary) -> None:
    """One fold does not replace eight; as many do, and keep the leaky figure, which is a trial of its own."""
    fold = replace(whole, n_folds=1, seeds=(1,), uar=0.1)
    again = replace(whole, uar=0.5, leaky_uar=None, leaky_macro_f1=None)
    other = replace(whole, problem="nemo")
    assert figures.joined([whole, other], [fold], {}) == [whole, other]
    assert figures.joined([fold], [whole], {}) == [whole]
    (kept,) = figures.joined([whole], [again], {})
    assert (kept.uar, kept.leaky_uar) == (0.5, whole.leaky_uar)


def test_published_protocol_alone(whole: Summary) -> None:
    """A row that lacked nothing else gets its figures from that one trial; one that has them keeps them."""
    short = replace(whole, leaky_uar=None, leaky_macro_f1=None)
    published = {(whole.problem, whole.entry): (0.75, 0.5)}
    (one,) = figures.joined([short], [], published)
    assert one == replace(whole, leaky_uar=0.75, leaky_macro_f1=0.5)
    assert figures.joined([whole], [], published) == [whole]
    assert figures.joined([], [], published) == []


def test_only_what_is_lacking_is_run(whole: Summary) -> None:
    """Nothing of a whole row; every seed of one that lacks a seed or a fold, since their interval is a common one."""
    apart = [trial for trial in TRIALS if trial.protocol == "apart"]
    assert figures.lacking([], TRIALS) == TRIALS
    assert figures.lacking([whole], TRIALS) == []
    assert figures.lacking([replace(whole, seeds=(1,))], TRIALS) == apart
    assert figures.lacking([replace(whole, n_folds=1)], TRIALS) == apart
    assert figures.lacking([replace(whole, leaky_uar=None)], TRIALS) == [Trial("emodb", "MNB on eight", "leaky", 0, 1)]


def test_mean_has_the_time_of_its_members(whole: Summary) -> None:
    """A mean whose members were not timed with it gets the sum of their rows; one without a member's time stays so."""
    members = [replace(whole, entry=f"{name} on eight", seconds=2.5) for name in ("RF", "XGB", "MLP")]
    mean = replace(whole, entry="E1 on eight", seconds=None)
    assert figures.joined(members, [mean], {})[-1].seconds == 7.5
    assert figures.joined(members, [replace(mean, seconds=9.0)], {})[-1].seconds == 9.0
    assert figures.joined(members[:2], [mean], {})[-1].seconds is None
    assert figures.joined([*members[:2], replace(members[2], seconds=None)], [mean], {})[-1].seconds is None
