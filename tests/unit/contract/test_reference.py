"""The reference of topics and fields: complete, with each field's own comment."""

import json

import msgspec
import pytest

from edged.contract import payloads
from edged.contract.commands import Threshold
from edged.contract.reference import PAYLOADS, json_schemas, markdown, notes
from tests.parts.system.program import edged


def test_notes_are_the_comments() -> None:
    """A field's note is its trailing comment, or empty; inherited fields keep their own."""
    by_field = notes(payloads.EpisodeStart)
    assert list(by_field) == list(payloads.EpisodeStart.__struct_fields__)
    assert by_field["event_type"] == "the label"
    assert by_field["start_s"] == "the same time, counted from the start of the source"
    assert notes(Threshold) == {"id": "returned in the result", "label": "", "enter": ""}


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_field_is_in_the_reference(name: str) -> None:
    """Every field of published payloads is listed, nested ones included."""
    if name == "clip":
        return  # output of classify
    section = markdown().partition(f"<code>{name.replace('<', '&lt;')}</code>")[2].partition("</details>")[0]
    for field in PAYLOADS[name].__struct_fields__:
        assert f"| `{field}` |" in section
    if name == "health":
        assert "| `outbox`: `latency_p95_s` | number from 0 or null |" in section


def test_json_schema_has_the_notes() -> None:
    """`edged schema` has the reference's descriptions and accepts the same payloads."""
    described = json_schemas()
    assert described["$defs"]["EpisodeStart"]["properties"]["event_type"]["description"] == "the label"
    bare = json.loads(msgspec.json.encode(described))
    for component in bare["$defs"].values():
        for field in component["properties"].values():
            field.pop("description", None)
    original = payloads.json_schemas(PAYLOADS)
    for component in original["$defs"].values():
        for field in component["properties"].values():
            field.pop("description", None)
    assert bare == original


def test_markdown_is_printed() -> None:
    """`edged schema --markdown` prints the content of docs/mqtt.md."""
    assert edged("schema", "--markdown").stdout == markdown()
