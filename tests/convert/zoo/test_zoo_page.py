"""The page: every recogniser is named, those without a figure say why, the bundles come last; the picture."""

import re
import runpy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from convert.card.zoo import page
from convert.corpora.clip import LABELS, Clip
from convert.zoo import cascade
from convert.zoo import figures as figures_file
from convert.zoo.catalogue import ENTRIES
from convert.zoo.features.store import Store
from convert.zoo.problems import PROBLEMS, named
from convert.zoo.summary import Summary, summaries
from convert.zoo.trials import Trial, run
from edged.models.bundle import BUNDLES, load_bundle
from tests.convert.zoo.test_running import a_result

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
    """docs/zoo.md is what the command writes from docs/zoo.json and the shipped bundles; rows to train need corpora."""

    def without_absent(text: str) -> list[str]:
        return [line for line in text.splitlines() if line and not line.startswith("Not trained yet on these: ")]

    docs = Path(__file__).parents[3] / "docs"
    committed = (docs / "zoo.md").read_text(encoding="utf-8")
    assert without_absent(committed) == without_absent(page.page(figures_file.read(docs / "zoo.json")))


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
    """Below a corpus' table, what was wanted there and has no figure."""
    more = [*figures, replace(figures[0], problem="emodb", entry="RF on eight", seconds=4.4)]
    wanted = [("ravdess", name) for name in ("MNB on eight", "LR on eight", "RF on eight")]
    line = "Not trained yet on these: LR on eight, RF on eight (4 s of a core a fold of EMO-DB).\n"
    assert line in page.page(more, wanted)


def test_bundles_figures_are_their_cards() -> None:
    """The same UAR as in the manifest; M1's cost is a model's, the large bundle's its trunk's too."""
    rows = {(one.problem, one.entry): one for one in cascade.summaries()}
    soft = rows["cremad", "bundle small, five models, soft"]
    alone = rows["cremad", "bundle small, M1 alone"]
    assert 0.5 < soft.uar < 0.8
    assert soft.low < soft.uar < soft.high
    assert soft.multiply_adds > alone.multiply_adds
    former = rows["ravdess", "M1 of the five networks before, fold by fold"]
    assert (round(former.uar, 3), former.n_speakers, former.n_folds) == (0.693, 20, 5)  # docs/models.md
    assert rows["cremad", "bundle large, M1 alone"].multiply_adds > soft.multiply_adds
    assert {one.problem for one in rows.values()} <= PROBLEMS.keys()


def test_folds_that_leave_pairs_out_are_complete() -> None:
    """EMO-DB's speakers two at a time are four folds, and nothing is missing."""
    shipped = load_bundle(BUNDLES / "small").manifest
    pairs = {"command": "x --trunks", "of": 4, "folds": {str(fold): {"rows": {"6 labels": _SIX}} for fold in range(4)}}
    made = structs.replace(shipped, metrics={**shipped.metrics, "protocols": {"emodb": pairs}})
    found = {one.problem: one for one in cascade.recipe_by_folds("small", made)}
    assert (found["emodb"].n_folds, found["emodb"].of_folds) == (4, 4)


def test_picture(figures: list[Summary], tmp_path: Path) -> None:
    """Beside the page, and the same bytes again."""
    whole = replace(figures[0], n_folds=figures[0].of_folds)
    more = [replace(whole, problem=name, multiply_adds=10**number) for number, name in enumerate(PROBLEMS, 2)]
    page.write(tmp_path / "zoo.md", page.page(more), more)
    first = (tmp_path / "zoo.png").read_bytes()
    assert first.startswith(b"\x89PNG")
    page.write(tmp_path / "zoo.md", page.page(more), more)
    assert (tmp_path / "zoo.png").read_bytes() == first
    assert "](zoo.png)" in (tmp_path / "zoo.md").read_text(encoding="utf-8")


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
