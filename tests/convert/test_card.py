"""Metrics as text and plots: sections for existing metrics, reproducible bytes; the shipped card."""

import copy
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from convert.bundle.writer import with_card
from convert.card.clip_tables import default_routing
from convert.card.goals_section import goals_section
from convert.card.models_section import int8_note
from convert.card.plots import ADAPTATION, CONFUSION, RELIABILITY, STREAM, write_plots
from convert.card.protocols_section import HEADS_OTHERS
from convert.card.report import report, sections
from convert.evaluate.heads.protocols import OTHERS
from convert.score.rows import clip_row
from edged.models.bundle import BUNDLES, Manifest, load_bundle
from tests.convert.test_rows import raw, windows
from tests.parts.models.bundles import manifest as tiny_manifest

REPOSITORY = Path(__file__).parents[2]
_SURE = np.eye(4) * 0.8 + 0.05
_TRACKER = {"enter": 0.4, "min_duration_s": 3.0}


def point(group: str, enter: float, *, shipped: bool) -> dict[str, Any]:
    """One setting of the tracker on one group."""
    return {
        "group": group, "enter": enter, "leave": enter - 0.1, "min_duration_s": 3.0, "shipped": shipped,
        "recall": 0.5, "precision": 0.6, "emotional": {"precision": 0.5, "recall": 1 - enter},
        "delay_s": {"median": 5.0, "p95": 9.0}, "false_neutral_per_hour": 20 * (1 - enter), "false_other_per_hour": 0.5,
    }  # fmt: skip


def stream() -> dict[str, Any]:
    """One group that misses its goal, and sounds that meet theirs."""
    base = {"from": "sound", "adaptation": True, "hours": 1.0, "speech": 0.5, "uncertain": 0.2, "events": 5}
    emotions = {
        **base, "group": "c", "kind": "emotions", "passages": 10,
        "precision": 0.5, "recall": 0.4, "recall_95": [0.3, 0.5],
        "within": {"3": {"precision": 0.4, "recall": 0.3}}, "emotional": {"precision": 0.4, "recall": 0.25},
        "false_per_hour": 30.0, "delay_s": {"median": None, "p95": None}, "confidence": 0.5, "right": 0.5,
    }  # fmt: skip
    neutral = {**base, "group": "c", "kind": "neutral", "false_per_hour": 2.5, "recall": 0.7}
    other = {**base, "group": "other", "kind": "other", "false_per_hour": 0.5}
    points = [point("c", 0.4, shipped=True), point("c", 0.6, shipped=False)]
    return {"tracker": _TRACKER, "rows": [emotions, neutral, other], "trade_off": points}


def metrics() -> dict[str, Any]:
    """Metrics of four clips, their stream, and adaptation to them."""
    row = clip_row(msgspec.convert(tiny_manifest(), Manifest), raw(_SURE.tolist()), windows())
    curves = {"priors": {"neutral": {"0": 0.5, "60": 0.6, "300": 0.7}}, "two_speakers": {}, "hour_of": {}}
    return {
        "rows": {"c": row},
        "adaptation": {"c": {**curves, "ece": {"neutral": {"60": 0.1, "300": 0.05}}}},
        "stream": stream(),
    }


def test_sections_are_what_is_there() -> None:
    """No empty tables; links to plots only in the card."""
    found = metrics()
    parts = sections(found)
    assert "runs" not in parts
    assert "robustness" not in parts
    assert {"uar", "alternatives", "recalls", "tasks", "gender", "confidence", "adaptation", "stream"} <= parts.keys()
    assert "confusion.png" in report(found, plots=True)
    assert "![" not in report(found)
    assert sections({"stream": stream()}).keys() == {"stream"}


def test_protocols_fold_by_fold() -> None:
    """The interval is over speakers, the spread over existing folds, with their commands."""
    folds = {
        "1": {"commit": "abc", "rows": {"two": {"labels": ["a", "b"], "speakers": {"x": [[3, 1], [0, 4]]}}}},
        "0": {"commit": "def", "rows": {"two": {"labels": ["a", "b"], "speakers": {"y": [[1, 3], [2, 2]]}}}},
    }
    text = sections({"protocols": {"emodb": {"command": "make it", "of": 8, "folds": folds}}})["protocols"]
    assert "| EMO-DB, two | 2 / 16 | 0.625 (0.375 to 0.875) | 2 of 8 | 0.625 ± 0.354 | 0.375 0.875 |" in text
    assert text.splitlines()[-1] == "- EMO-DB: `make it`, at `abc`, `def`"
    assert "by a network with M1's design" in text
    of_heads = {"command": "python -m convert protocol emodb --size large", "of": 8, "folds": folds, "weight": 8.0}
    weighted = sections({"protocols": {"emodb": of_heads}})["protocols"]
    assert weighted.endswith("--size large`, at `abc`, `def`; its windows count 8 times")


def test_float_column_where_it_was_measured() -> None:
    """A row without it has a dash; where all lack it, there is no column."""
    row = metrics()["rows"]["c"]
    measured = {**row, "float": {way: {**row[way], "uar": 0.123} for way in ("hard", "soft", "first")}}
    head, _, first, second = sections({"rows": {"c": row, "d": measured}})["uar"].splitlines()
    assert head.split(" | ")[6] == "float hard"
    assert (first.split(" | ")[6], second.split(" | ")[6]) == ("-", "0.123")
    head, _, line = sections({"rows": {"c": row}})["uar"].splitlines()
    assert "float" not in head
    assert head.count("|") == line.count("|") == 11


@pytest.mark.parametrize(("size", "words"), [("small", "`f7d0152`"), ("large", "the cosine of each whole layer")])
def test_cost_of_int8(size: str, words: str) -> None:
    """What the log has measured of it stands below the table without the column."""
    (note,) = int8_note(load_bundle(BUNDLES / size).manifest)
    assert words in note
    assert not int8_note(msgspec.convert(tiny_manifest(), Manifest))
    assert note in (BUNDLES / size / "README.md").read_text(encoding="utf-8")


def protocol_text(commands: dict[str, str], row: str = "6 labels, after 60 s") -> str:
    """The section for a fold of each corpus by its command, with the lines of a paragraph joined."""
    rows = {row: {"labels": ["a", "b"], "speakers": {"x": [[3, 1], [0, 4]]}}}
    folds = {"0": {"commit": "abc", "rows": rows}}
    protocols = {name: {"command": command, "of": 1, "folds": folds} for name, command in commands.items()}
    return sections({"protocols": protocols})["protocols"].replace("\n", " ")


def test_protocols_name_their_corpora() -> None:
    """Each way of training says which corpora are meant, and of no other; what both share stands once."""
    text = protocol_text({"ravdess": "p --heads", "cremad": "p --trunks", "emodb": "p --trunks"})
    assert "CREMA-D and EMO-DB: trunk, statistics and heads are trained anew for each fold" in text
    assert "RAVDESS: each speaker is tested once, by a head on the trunk" in text
    assert "on the training speakers of CREMA-D and EMO-DB. The recipe" in text
    assert "(for CREMA-D)" not in text
    assert text.count("After 60 s: half of a speaker's clips") == 1
    assert "After 60 s: half" not in protocol_text({"ravdess": "p --heads"}, "8 labels")
    assert "in pairs" not in protocol_text({"cremad": "p --trunks"})
    networks = protocol_text({"emodb": "p"})
    assert "EMO-DB: each speaker is tested once, int8, by a network" in networks
    assert "RAVDESS" not in networks


def test_protocols_name_what_else_was_trained_on() -> None:
    """Beside each corpus, as the protocol itself has it."""
    text = protocol_text(dict.fromkeys(HEADS_OTHERS, "p --size large"))
    assert "CREMA-D, EMO-DB and RAVDESS: each speaker is tested once, by a head" in text
    assert "of EMO-DB (for CREMA-D), of CREMA-D (for EMO-DB), of CREMA-D and EMO-DB (for RAVDESS). The" in text
    assert HEADS_OTHERS == OTHERS


def test_stream_section_names_the_goals_met() -> None:
    """Missed goals are listed with their number; the default setting is bold."""
    text = sections(metrics())["stream"]
    assert "- At most 0.5 false episodes per hour without speech: met on ESC-10 and noises." in text
    assert "- At most 2 false episodes per hour of neutral speech: missed on c (2.5)." in text
    assert "| c | **0.4 / 3** |" in text
    assert "| c | sound | yes | 1.0 / 10 | 0.500 | 0.400 (0.300 to 0.500) |" in text


def test_goals_and_results() -> None:
    """A goal is reached at its value; of several corpora those that reach it are named; other bundles have no goals."""
    given = copy.deepcopy(load_bundle(BUNDLES / "small").manifest.metrics)
    row, ece = given["rows"]["cremad"][default_routing(given["rows"])], given["adaptation"]["cremad"]["ece"]["neutral"]
    for uar, error, reached in ((0.66, 0.04, ("yes", "CREMA-D")), (0.6599, 0.041, ("no", "no"))):
        row["uar"], ece["60"], given["adaptation"]["emodb"]["ece"]["neutral"]["60"] = uar, error, 0.05
        text = goals_section("small", given)
        assert f"| CREMA-D, before adaptation: UAR | at least 0.66 | {uar:.3f} | {reached[0]} |" in text
        assert f"| at most 0.04 | CREMA-D {error:.3f}, EMO-DB 0.050 | {reached[1]} |" in text
    del given["protocols"]
    assert "fold by fold" not in goals_section("small", given)
    assert goals_section("mine", given) == ""


def test_goals_are_those_of_the_docs() -> None:
    """docs/models.md has the same goals in the same order, up to those of the stream."""
    table = (REPOSITORY / "docs" / "models.md").read_text("utf-8").partition("\n## Goals\n")[2].partition("\n## ")[0]
    cells = [line.split(" | ") for line in table.splitlines() if re.match(r"\| [^|]+ \| \d", line)]
    written = [tuple(cell.partition(",")[0] for cell in line[1:3]) for line in cells]
    by_size = [
        re.findall(r"\| at (?:most|least) (\S+) \|", goals_section(size, load_bundle(BUNDLES / size).manifest.metrics))
        for size in ("small", "large")
    ]
    shown = [tuple(map(float, pair)) for pair in zip(*by_size, strict=True)]
    assert shown[:19] == [(float(small), float(large)) for small, large in written[:19]]


def test_confidence_table() -> None:
    """ECE before and after adaptation to the speaker, and the cost of the margin."""
    row = next(line for line in sections(metrics())["confidence"].splitlines() if line.startswith("| c |"))
    assert row.split(" | ")[2:4] == ["0.100", "0.050"]


def test_plots(tmp_path: Path) -> None:
    """One small plot per kind of metrics, with reproducible bytes."""
    manifest = msgspec.convert({**tiny_manifest(), "metrics": metrics()}, Manifest)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_plots(manifest, tmp_path / name)
    for file in (CONFUSION, RELIABILITY, ADAPTATION, STREAM):
        content = (tmp_path / "first" / file).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) < 40_000
        assert (tmp_path / "second" / file).read_bytes() == content


def test_plots_of_nothing(tmp_path: Path) -> None:
    """A bundle without metrics has no plots."""
    write_plots(msgspec.convert(tiny_manifest(), Manifest), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", ["small", "large"])
def test_card_written_again_changes_nothing(tmp_path: Path, size: str) -> None:
    """The shipped card is current, and no key is added to the manifest, which an older program would refuse."""
    copy = tmp_path / size
    shutil.copytree(BUNDLES / size, copy)
    with_card(copy)
    for name in ("bundle.json", "README.md"):
        assert (copy / name).read_bytes() == (BUNDLES / size / name).read_bytes()
