"""The contract for people: each topic and each field of its payload, in Markdown, from the source itself.

    topics.py: about ────────────────────────┐
    payloads: structs and their comments ────┴──► tables of docs/mqtt.md, descriptions in JSON Schema and AsyncAPI

The comment behind a field is its only description: a second one would soon disagree.
"""

import inspect
import io
import tokenize
from collections.abc import Iterator
from typing import Any

import msgspec

from edged.contract import call_report, mood, payloads
from edged.contract.topics import HUB_TOPICS, TOPICS, Topic

PAYLOADS = {**payloads.PAYLOADS, **mood.PAYLOADS}
_PATTERNS = {"T": "time", "-7": "UUID"}  # part of a pattern, to the name of the format


def notes(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The comment of each field, inherited ones included; empty where the name is enough."""
    found: dict[str, str] = {}
    bases = [base for base in kind.__mro__ if issubclass(base, msgspec.Struct) and base is not msgspec.Struct]
    for one in reversed(bases):
        field = ""
        start_of_line = True
        for token in tokenize.generate_tokens(io.StringIO(inspect.getsource(one)).readline):
            if token.type == tokenize.NAME and start_of_line and token.string in one.__struct_fields__:
                field = token.string
                found.setdefault(field, "")
            elif token.type == tokenize.COMMENT and field and token.start[1] > len("    "):
                found[field] = token.string.lstrip("# ")
            start_of_line = token.type in {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.NL}
    return found


def described(components: dict[str, Any], kinds: dict[str, type[msgspec.Struct]]) -> dict[str, Any]:
    """JSON Schema components with each field's comment as its description."""
    result = {}
    for name, component in components.items():
        texts = notes(kinds[name])
        fields = {
            field: {**shape, **({"description": texts[field]} if texts.get(field) else {})}
            for field, shape in component["properties"].items()
        }
        result[name] = {**component, "properties": fields}
    return result


def json_schemas() -> dict[str, Any]:
    """The JSON Schemas of all topics with the comments as descriptions."""
    document = payloads.json_schemas(PAYLOADS)
    return {**document, "$defs": described(document["$defs"], structs([*PAYLOADS.values()]))}


def report_schema() -> dict[str, Any]:
    """The JSON Schema of ``call_report.py`` with the comments as descriptions."""
    document = call_report.json_schema()
    return {**document, "$defs": described(document["$defs"], structs([call_report.Report]))}


def structs(kinds: list[type[msgspec.Struct]]) -> dict[str, type[msgspec.Struct]]:
    """``kinds`` and all structs nested in their fields, by name."""
    found: dict[str, type[msgspec.Struct]] = {}
    waiting: list[Any] = [msgspec.inspect.type_info(kind) for kind in kinds]
    while waiting:
        info = waiting.pop()
        if isinstance(info, msgspec.inspect.StructType) and info.cls.__name__ not in found:
            found[info.cls.__name__] = info.cls
            waiting += [field.type for field in info.fields]
        elif isinstance(info, msgspec.inspect.UnionType):
            waiting += info.types
        elif isinstance(info, msgspec.inspect.DictType):
            waiting.append(info.value_type)
        elif isinstance(info, msgspec.inspect.ListType):
            waiting.append(info.item_type)
    return found


def markdown() -> str:
    """The reference of topics and fields as Markdown."""
    lines = [*_section(TOPICS), "", "The hub publishes below `edged/`:", "", *_section(HUB_TOPICS)]
    return "\n".join(lines) + "\n"


def _section(topics: tuple[Topic, ...]) -> Iterator[str]:
    """The table of ``topics``, and one of fields for each payload."""
    yield from ("| topic | QoS | retained | payload |", "|---|---|---|---|")
    for topic in topics:
        retained = "yes" if topic.retained else "no"
        yield f"| `{topic.name}` | {topic.qos} | {retained} | {topic.about} |"
    documents = payloads.json_schemas(PAYLOADS)["$defs"]
    for topic in topics:
        if kind := PAYLOADS.get(topic.name):
            yield from ("", f"<details><summary>Fields of <code>{topic.name.replace('<', '&lt;')}</code></summary>", "")
            yield from ("| field | type | meaning |", "|---|---|---|")
            yield from (f"| {name} | {text} | {note} |" for name, text, note in _rows(kind, documents, ""))
            yield from ("", "</details>")


def _rows(kind: type[msgspec.Struct], documents: dict[str, Any], above: str) -> Iterator[tuple[str, str, str]]:
    """Name, type and comment of each field, followed by those of nested structs."""
    document, texts = documents[kind.__name__], notes(kind)
    inner = structs([kind])
    for field, shape in document["properties"].items():
        left_out = "" if field in document.get("required", ()) or "default" in shape else ", optional"
        yield f"{above}`{field}`", f"{_type(shape)}{left_out}", texts.get(field, "")
        for name in _references(shape):
            below = f"{above}`{field}`: " + ("each: " if "additionalProperties" in shape else "")
            yield from _rows(inner[name], documents, below)


def _references(shape: dict[str, Any]) -> Iterator[str]:
    if reference := shape.get("$ref"):
        yield reference.rpartition("/")[2]
    for part in (*shape.get("anyOf", ()), shape.get("additionalProperties", {})):
        if part:
            yield from _references(part)


def _type(shape: dict[str, Any]) -> str:  # noqa: PLR0911 -- one per JSON type
    """A JSON Schema in words."""
    if parts := shape.get("anyOf"):
        return " or ".join(_type(part) for part in parts)
    if "$ref" in shape:
        return "object"
    if words := shape.get("enum"):
        return ", ".join(f"`{word}`" for word in words if word is not None) + (" or null" if None in words else "")
    kind = shape["type"]
    if kind == "array":
        return f"list of {_type(shape['items'])}"
    if kind == "object":
        return f"object of {_type(shape['additionalProperties'])}"
    if kind in {"number", "integer"}:
        low, high = shape.get("minimum"), shape.get("maximum")
        limits = f" {low} to {high}" if high is not None else f" from {low}" if low is not None else ""
        return f"{kind}{limits}"
    if kind == "string":
        return next((text for part, text in _PATTERNS.items() if part in shape.get("pattern", "")), "text")
    return str(kind)
