"""Parts of a bundle's metrics that are measured alone."""

from typing import Any

import pytest

from convert.__main__ import main
from convert.evaluate.bundles import with_part


def rows(*groups: str, value: int) -> list[dict[str, Any]]:
    """A row a group."""
    return [{"group": group, "value": value} for group in groups]


def test_groups_of_a_part_are_joined() -> None:
    """What was measured again replaces its own group; other groups and other metrics stay."""
    old = {"rows": {"a": 1}, "robustness": {"a": 1, "b": 1}}
    assert with_part(old, {"robustness": {"b": 2}, "delivery": {"b": 2}}) == {
        "rows": {"a": 1},
        "robustness": {"a": 1, "b": 2},
        "delivery": {"b": 2},
    }


def test_rows_keep_what_only_the_training_measures() -> None:
    """A corpus' row has support vector machines beside its new figures; other corpora stay."""
    old = {"rows": {"a": {"soft": 1, "svm": 3}, "b": {"soft": 1}}, "stream": {}}
    assert with_part(old, {"rows": {"a": {"soft": 2}}}) == {
        "rows": {"a": {"soft": 2, "svm": 3}, "b": {"soft": 1}},
        "stream": {},
    }


def test_rows_need_a_bundle(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of a run are what ``--clips`` leaves."""
    assert main(["evaluate", "--rows"]) == 64
    assert "--rows: of a run they are --clips, expected --bundle with it" in capsys.readouterr().err


def test_rows_of_the_stream_are_joined() -> None:
    """By group, in rows and trade-off; a first part makes the section."""
    first = {"stream": {"tracker": {}, "rows": rows("a", "b", value=1), "trade_off": rows("a", value=1)}}
    assert with_part({"stream": {}}, first) == first
    joined = with_part(first, {"stream": {"tracker": {}, "rows": rows("b", value=2), "trade_off": rows("b", value=2)}})[
        "stream"
    ]
    assert joined["rows"] == [*rows("a", value=1), *rows("b", value=2)]
    assert joined["trade_off"] == [*rows("a", value=1), *rows("b", value=2)]
