"""The page: every recogniser is named, those without a figure say why, the bundles come last; the picture."""

import re
import runpy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from convert.card.zoo import corpus_tables, page
from convert.corpora.clip import LABELS, Clip
from convert.score.intervals import NO_INTERVALS
from convert.zoo import cascade
from convert.zoo import figures as figures_file
from convert.zoo.catalogue import ENTRIES
from convert.zoo.features.store import Store
from convert.zoo.problems import PROBLEMS, named
from convert.zoo.summary import Summary, summaries
from convert.zoo.trials import Trial, run, suits
from edged.models.bundle import BUNDLES, load_bundle
from tests.convert.zoo.test_running import a_result

DOCS = Path(__file__).parents[3] / "docs"
_SIX = {"labels": list(LABELS), "speakers": {"a": np.eye(6, dtype=int).tolist()}}
TRIAL = Trial("ravdess", "MNB on eight", "apart", 0, 1)


@pytest.fixture
def figures() -> list[Summary]:
    """One recogniser on one fold of RAVDESS."""
    return summaries({TRIAL: {**a_result(TRIAL), "commit": "abc"}})


def test_every_recogniser_is_there(figures: list[Summary]) -> None:
    """With its source, and a reason where it has no figure."""
    lines = page.page(figures).splitlines()
    for entry in ENTRIES.values():
        (line,) = [one for one in lines if one.startswith(f"| {entry.name} | {entry.what} |")]
        assert line.endswith("|  |" if entry.name == "MNB on eight" else f"| {entry.reason or 'not trained yet'} |")


def test_committed_page_is_of_its_figures() -> None:
    """docs/zoo.md is what the command writes from docs/zoo.json and the shipped bundles, to the last line."""
    assert (DOCS / "zoo.md").read_text(encoding="utf-8") == page.page(figures_file.read(DOCS / "zoo.json"))


def test_committed_rows_and_reasons_are_complete() -> None:
    """Whatever could have a row on a corpus has one there or is named below the table with a reason."""
    parts = (DOCS / "zoo.md").read_text(encoding="utf-8").split("\n## ")
    for problem in map(named, sorted({one.problem for one in figures_file.read(DOCS / "zoo.json")})):
        (part,) = [part for part in parts if part.startswith(f"{problem.title}\n")]
        rows = {line.split(" | ")[0].removeprefix("| ") for line in part.splitlines() if line.startswith("| ")}
        absent = [line for line in part.partition("Without a row here:")[2].splitlines() if line.startswith("- ")]
        for name in [name for name in ENTRIES if suits(problem, name, problem.comes_with) and name not in rows]:
            (line,) = [line for line in absent if re.search(rf"(- |; ){re.escape(name)}( \(|;|: )", line)]
            assert line.endswith(f": {ENTRIES[name].reason or 'not trained yet'}")


def test_committed_commands_make_the_rows() -> None:
    """Each row's command is its corpus' line with its name and seeds; the cascade's have those of their bundles."""
    text = (DOCS / "zoo.md").read_text(encoding="utf-8")
    for one in figures_file.read(DOCS / "zoo.json"):
        pattern = one.command.replace(f'"{one.entry}"', '"NAME"').partition("--seeds ")[0] + "--seeds SEEDS"
        assert one.command.endswith("--seeds " + " ".join(map(str, one.seeds)))
        assert f"`{pattern}` makes a row again" in text
    for one in cascade.summaries():
        (part,) = [part for part in text.split("\n## ") if part.startswith(f"{PROBLEMS[one.problem].title}\n")]
        assert re.search(rf"^- .*: `{re.escape(one.command)}`$", part, re.MULTILINE)


def test_founding_documents_are_explained() -> None:
    """The page says what they are before the first source that names one."""
    explanation, _, table = page.page([]).partition("| recogniser | input and architecture |")
    assert "| founding document: " in table
    assert "This project began from five documents" in explanation


def test_bundles_are_the_last_rows(figures: list[Summary]) -> None:
    """After the recognisers, whatever they reach: hard, soft, M1 alone of both sizes, and fold by fold."""
    text = page.page(figures)
    rows = [one for one in text.split("## RAVDESS\n")[1].split("\n\n")[1].splitlines() if one.startswith("| ")][2:]
    assert rows[0].startswith("| MNB on eight | **1.000**")
    names = [row.split(" | ")[0].removeprefix("| ") for row in rows[1:]]
    assert names
    assert names[0] == "M1 of the five networks before, fold by fold"
    assert all(name.startswith("bundle ") for name in names[1:])
    for way in ("five models, hard", "five models, soft", "M1 alone"):
        for size in ("small", "large"):
            assert any(name.startswith(f"bundle {size}, {way}") for name in names)


def test_partial_folds_say_so(figures: list[Summary]) -> None:
    """A figure of one fold names it."""
    assert " | 1 / 1 of 5 / 1 | " in page.page(figures)


def test_absent_rows_are_named(figures: list[Summary]) -> None:
    """Below a corpus' table, what could be there and has no figure: also what takes long, and what lacks weights."""
    more = [*figures, replace(figures[0], problem="emodb", entry="RF on eight", seconds=4.4)]
    text = page.page(more).split("## RAVDESS\n")[1].partition("\n## ")[0]
    quick = next(line for line in text.splitlines() if line.endswith(": not trained yet"))
    assert "LR on eight;" in quick
    assert "RF on eight (4 s of a core a fold of EMO-DB);" in quick
    assert "MNB on eight" not in quick
    assert f"- AlexNet: takes long, trained only with `--slow`: {ENTRIES['AlexNet'].reason}\n" in text
    assert f"wav2vec 2.0, rate 1e-05: {ENTRIES['wav2vec 2.0, rate 1e-05'].reason}\n" in text
    few = page.page(figures, ["MNB on eight", "LR on eight"])
    assert "Without a row here:\n\n- LR on eight: not trained yet\n" in few


def test_rows_without_a_published_figure_are_named(figures: list[Summary]) -> None:
    """Below the table of their corpus, and only these."""
    assert figures[0].leaky_uar is None
    said = "\nNot trained yet as published, which takes longer, since clips are repeated: "
    other = replace(figures[0], entry="RF on eight")
    assert f"{said}MNB on eight, RF on eight.\n" in page.page([*figures, other])
    assert f"{said}RF on eight.\n" in page.page([replace(figures[0], leaky_uar=0.5), other])
    assert said not in page.page([replace(figures[0], leaky_uar=0.5)])


def test_figures_of_other_recordings_stay_out(figures: list[Summary]) -> None:
    """A file of figures has rows of recordings that this command does not read; they are in no table."""
    other = replace(figures[0], problem="own-rooms-0a1b", entry="RF on eight", seconds=4.4)
    assert corpus_tables.tables([*figures, other]) == corpus_tables.tables(figures)


def test_intervals_of_every_figure(figures: list[Summary]) -> None:
    """WAR, macro-F1 and top-3 have theirs in the table where they are known."""
    ends = replace(figures[0], war=0.655, war_95=(0.592, 0.714), macro_f1=0.5, macro_f1_95=(0.41, 0.6), top3_95=None)
    assert " | 0.655 (0.59 to 0.71) | 0.500 (0.41 to 0.60) | 1.000 | " in page.page([ends])


def test_bundles_figures_are_their_cards() -> None:
    """The same figures as in the manifests, of every way; M1's cost is a model's and its trunk's."""
    rows = {(one.problem, one.entry): one for one in cascade.summaries()}
    for size in ("small", "large"):
        metrics = load_bundle(BUNDLES / size).manifest.metrics
        for corpus in ("cremad", "emodb", "ravdess", "nemo"):
            card = metrics["rows"][corpus]
            ending = cascade.UNSEEN if card["never_trained"] else ""
            for way, words in (("hard", "five models, hard"), ("soft", "five models, soft"), ("first", "M1 alone")):
                row = rows[corpus, f"bundle {size}, {words}{ending}"]
                assert [row.uar, row.war, row.top3] == [card[way][name] for name in ("uar", "war", "top3")]
                assert [row.low, row.high] == card[way]["uar_95"]
                bounds = {name: getattr(row, name) for name in NO_INTERVALS}
                assert bounds == {name: tuple(card[way][name]) for name in NO_INTERVALS}
    soft, alone = (rows["cremad", f"bundle small, {way}"] for way in ("five models, soft", "M1 alone"))
    assert rows["cremad", "bundle large, M1 alone"].multiply_adds > soft.multiply_adds > alone.multiply_adds
    former = rows["ravdess", "M1 of the five networks before, fold by fold"]
    assert (round(former.uar, 3), former.n_speakers, former.n_folds) == (0.693, 20, 5)  # docs/models.md
    assert {one.problem for one in rows.values()} <= PROBLEMS.keys()


def test_folds_of_several_commits_name_all() -> None:
    """CREMA-D's folds were trained at two commits; by speaker they have every interval but that of top-3."""
    rows = {(one.problem, one.entry): one for one in cascade.summaries()}
    folds = rows["cremad", "bundle small, M1 fold by fold"]
    tested = load_bundle(BUNDLES / "small").manifest.metrics["protocols"]["cremad"]["folds"]
    assert folds.commit.split(", ") == sorted({fold["commit"] for fold in tested.values()})
    assert len(folds.commit.split(", ")) > 1
    assert folds.war_95 is not None
    assert folds.war_95[0] < folds.war < folds.war_95[1]
    assert folds.macro_f1_95 is not None
    assert folds.macro_f1_95[0] < folds.macro_f1 < folds.macro_f1_95[1]
    assert folds.top3_95 is None


def test_folds_that_leave_pairs_out_are_complete() -> None:
    """EMO-DB's speakers two at a time are four folds, and nothing is missing."""
    shipped = load_bundle(BUNDLES / "small").manifest
    pairs = {"command": "x --trunks", "of": 4, "folds": {str(fold): {"rows": {"6 labels": _SIX}} for fold in range(4)}}
    made = structs.replace(shipped, metrics={**shipped.metrics, "protocols": {"emodb": pairs}})
    found = {one.problem: one for one in cascade.recipe_by_folds("small", made)}
    assert (found["emodb"].n_folds, found["emodb"].of_folds) == (4, 4)


def test_recogniser_of_the_page(
    figures: list[Summary], clips: Sequence[Clip], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that the page shows is complete: its entry runs, and tells tones of other speakers apart."""
    (shown,) = re.findall(r"```python\n(.*?)```", page.page(figures), re.DOTALL)
    file = tmp_path / "nearest_mean.py"
    file.write_text(shown, encoding="utf-8")
    (entry,) = runpy.run_path(str(file))["ENTRIES"]
    monkeypatch.setitem(ENTRIES, entry.name, entry)
    result, scores = run(Trial("emodb", entry.name, "apart", 0, 1), named("emodb"), clips, store, lambda _trial: None)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
    assert np.trace(np.sum(list(result["speakers"].values()), axis=0)) == len(scores)
