"""Several runs to one table."""

import json
from pathlib import Path

import pytest

from convert.card.comparison_tables import seeds_section
from convert.evaluate.seeds import over_runs
from edged.errors import UsageError


def run(folder: Path, uar: float, *, adapted: bool = True) -> Path:
    """A run's metrics of one corpus."""
    folder.mkdir()
    ways = {way: {"uar": uar} for way in ("hard", "soft", "first")}
    curves = {"c": {"priors": {"neutral": {"0": uar, "60": uar + 0.1, "300": uar + 0.2}}}} if adapted else {}
    metrics = {"rows": {"c": ways}, "adaptation": curves}
    (folder / "metrics.json").write_text(json.dumps({"models": {}, "metrics": metrics}), encoding="utf-8")
    return folder


def test_over_runs(tmp_path: Path) -> None:
    """Mean and the standard deviation of a sample, by column."""
    found = over_runs([run(tmp_path / "a", 0.5), run(tmp_path / "b", 0.6), run(tmp_path / "c", 0.7)])
    row = found["rows"]["c"]
    assert row["hard"] == {"runs": [0.5, 0.6, 0.7], "mean": 0.6, "sd": 0.1}
    assert row["after 60 s"]["mean"] == 0.7
    assert "| c | 0.600 ± 0.100 |" in seeds_section(found)


def test_gathered_one_run(tmp_path: Path) -> None:
    """One run has no spread; a run without adaptation has no such columns."""
    found = over_runs([run(tmp_path / "a", 0.5, adapted=False)])
    assert found["rows"]["c"].keys() == {"hard", "soft", "M1 alone"}
    assert "| c | 0.500 |" in seeds_section(found)


@pytest.mark.parametrize("content", [None, "{}", "no json"])
def test_gathered_without_metrics(tmp_path: Path, content: str | None) -> None:
    """A folder that has none is named."""
    if content is not None:
        (tmp_path / "metrics.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"metrics\.json: .*expected metrics"):
        over_runs([tmp_path])
