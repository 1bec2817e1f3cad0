"""The picture beside the page: marks by what rows are of, names that cover nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from convert.card.plots import figure
from convert.card.zoo import page, plot
from convert.card.zoo.names import Box, around, placed
from convert.zoo import cascade
from convert.zoo import figures as figures_file
from convert.zoo.catalogue import ENTRIES
from convert.zoo.problems import PROBLEMS
from convert.zoo.summary import summaries
from convert.zoo.trials import Trial
from tests.convert.zoo.test_running import a_result

_FAMILIES = {entry.name: entry.family for entry in ENTRIES.values()}
_DOCS = Path(__file__).parents[3] / "docs"
_PANEL, _NO_LINE = Box(0, 0, 300, 200), Box(-2, 0, -1, 1)


def test_same_bytes_again(tmp_path: Path) -> None:
    """Beside the page, and the same bytes again."""
    trial = Trial("ravdess", "MNB on eight", "apart", 0, 1)
    (one,) = summaries({trial: {**a_result(trial), "commit": "abc"}})
    whole = replace(one, n_folds=one.of_folds)
    more = [replace(whole, problem=name, multiply_adds=10**number) for number, name in enumerate(PROBLEMS, 2)]
    page.write(tmp_path / "zoo.md", page.page(more), more)
    first = (tmp_path / "zoo.png").read_bytes()
    assert first.startswith(b"\x89PNG")
    page.write(tmp_path / "zoo.md", page.page(more), more)
    assert (tmp_path / "zoo.png").read_bytes() == first
    assert "](zoo.png)" in (tmp_path / "zoo.md").read_text(encoding="utf-8")


def test_one_panel_of_every_family(tmp_path: Path) -> None:
    """Of any corpus: rows of words too, cheaper and dearer than all others, and with a UAR below the others' range."""
    (one,) = summaries({(trial := Trial("ravdess", "MNB on eight", "apart", 0, 1)): a_result(trial)})
    first = {entry.family: entry.name for entry in ENTRIES.values()}
    costs = [10**number for number in range(len(first) - 1)] + [30_000_000_000]
    rows = [
        replace(one, problem="meld", entry=name, n_folds=1, of_folds=1, multiply_adds=cost, uar=0.05)
        for name, cost in zip(first.values(), costs, strict=True)
    ]
    plot.draw(rows, _FAMILIES, tmp_path / "zoo.png", ["meld"])
    axes = figure(9.0, 5.0, dpi=72).add_subplot()
    plot.draw_marks(axes, rows, _FAMILIES)
    assert axes.get_xlim()[0] < 1
    assert axes.get_xlim()[1] > costs[-1]
    assert axes.get_ylim()[0] < 0.05


@pytest.mark.parametrize("problem", plot.PANELS)
def test_names_cover_nothing(problem: str) -> None:
    """Of the committed figures: no name is on a mark or another name, and each is beside its point or has a line."""
    rows = [*figures_file.read(_DOCS / "zoo.json"), *cascade.summaries()]
    shown = [one for one in rows if one.problem == problem and one.n_folds in {0, one.of_folds}]
    made = figure(9.0, 7.0, dpi=72)  # a point is a pixel
    axes = made.add_subplot(2, 2, 1)
    plot.draw_marks(axes, shown, _FAMILIES)
    found = plot.write_names(made, axes, shown, _FAMILIES)
    marks = [axes.transData.transform((one.multiply_adds, one.uar)) for one in shown]
    boxes = [one.box for one in found]
    assert boxes
    assert not [box for box in boxes for x, y in marks if box.meets(around((float(x), float(y)), 4))]
    assert not [one for one in boxes for other in boxes if one is not other and one.meets(other)]
    for one in found:
        beside = min(abs(x - one.box.nearest((x, y))[0]) + abs(y - one.box.nearest((x, y))[1]) for x, y in marks)
        assert one.line is not None or beside < 12


def test_split_of_few_speakers_has_its_own_mark() -> None:
    """Two speakers of EMO-DB do not look like eight, and the best name is not theirs, though their UAR is greater."""
    rows = [one for one in cascade.summaries() if one.problem == "emodb"]
    best = plot.best_rows(rows, _FAMILIES)["the cascade"]
    assert best.n_speakers == 8
    assert best.uar < max(one.uar for one in rows)
    looks = {str(plot.look_of(one)): one.n_folds for one in rows}
    assert sorted(bool(n_folds) for n_folds in looks.values()) == [False, True]


def test_name_where_there_is_room() -> None:
    """Right of its point; on the left where something is; with a line where all around is taken."""
    point, size = (150.0, 100.0), (40.0, 10.0)
    free = placed(point, size, [], _NO_LINE, _PANEL)
    assert (free.box, free.line) == (Box(157, 95, 197, 105), None)
    left = placed(point, size, [Box(156, 0, 300, 200)], _NO_LINE, _PANEL)
    assert left.box.right <= 150
    far = placed(point, size, [around(point, 18)], _NO_LINE, _PANEL)
    assert not far.box.meets(around(point, 18))
    assert far.line == far.box.nearest(point)
    assert far.box.within(_PANEL)
