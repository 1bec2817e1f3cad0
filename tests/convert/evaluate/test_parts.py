"""Parts of a bundle's metrics that are measured alone."""

from typing import Any

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


def test_rows_of_the_stream_are_joined() -> None:
    """By group, in rows and trade-off; a first part makes the section."""
    first = {"stream": {"tracker": {}, "rows": rows("a", "b", value=1), "trade_off": rows("a", value=1)}}
    assert with_part({"stream": {}}, first) == first
    joined = with_part(first, {"stream": {"tracker": {}, "rows": rows("b", value=2), "trade_off": rows("b", value=2)}})[
        "stream"
    ]
    assert joined["rows"] == [*rows("a", value=1), *rows("b", value=2)]
    assert joined["trade_off"] == [*rows("a", value=1), *rows("b", value=2)]
