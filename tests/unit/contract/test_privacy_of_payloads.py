"""What is published says how something sounds, never who speaks."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from edged.contract.asyncapi import Broker, asyncapi
from edged.contract.fields import DIMENSIONS
from edged.contract.reference import json_schemas, report_schema

_WHO = re.compile(r"gender|\bsex\b|female|\bmale\b|\bage\b|ethnic", re.IGNORECASE)
_BROKER = Broker(host="h", port=1883, root="edged", secure=False, version="5", keepalive_s=30)


def names(document: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Every key and every word of a list of words in ``document``."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from names(value)
    elif isinstance(document, list):
        for value in document:
            yield from [value] if isinstance(value, str) else names(value)


@pytest.mark.parametrize("document", [json_schemas(), report_schema(), asyncapi(_BROKER)])
def test_no_field_says_who_speaks(document: dict[str, Any]) -> None:
    """Gender is a training head of some bundles' networks, and is in no payload, schema or word."""
    assert not [name for name in names(document) if _WHO.search(name)]


def test_dimensions_are_optional_numbers() -> None:
    """Of windows, both events and classified files, from 0 to 1; absent where the bundle has none."""
    documents = json_schemas()["$defs"]
    for kind in ("WindowScores", "EpisodeStart", "EpisodeEnd", "ClipScores"):
        for name in DIMENSIONS:
            shape = documents[kind]["properties"][name]
            assert (shape["type"], shape["minimum"], shape["maximum"]) == ("number", 0, 1)
            assert name not in documents[kind].get("required", [])
