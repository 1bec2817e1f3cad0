"""Names the value in the section ``hub`` that does not fit its struct, however deep it is.

    {"places": {"kitchen": {"window_s": "x"}}} ──► "hub.places.kitchen.window_s", "x", its type

msgspec's own message has ``[...]`` in place of a dict's key, which does not help among a hundred places.
"""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec

MISSING = "is missing"


class Misfit(NamedTuple):
    """A value that is not what its key expects."""

    path: str
    value: Any
    kind: Any  # Annotated, a struct's class, Literal, …
    fault: str = ""  # in words, where ``kind`` does not say it: an unknown key, a key that is missing


def misfit(kind: Any, value: Any, path: str) -> Misfit:  # noqa: ANN401 -- any type of a struct's field
    """The deepest value of ``value`` that ``kind`` does not take; ``value`` itself is known not to fit."""
    bare = _bare(kind)
    for inner_kind, inner, inner_path in _parts(bare, value, path):
        if not _fits(inner, inner_kind):
            return misfit(inner_kind, inner, inner_path)
    if _is_struct(bare) and isinstance(value, dict):
        fields = {field.name: field for field in msgspec.structs.fields(bare)}
        for key in value:
            if key not in fields:
                return Misfit(f"{path}.{key}", None, bare, f"is not a key, expected keys among {', '.join(fields)}")
        for name, field in fields.items():
            if field.required and name not in value:
                return Misfit(f"{path}.{name}", None, field.type, MISSING)
    return Misfit(path, value, kind)


def _parts(bare: Any, value: Any, path: str) -> Iterator[tuple[Any, Any, str]]:  # noqa: ANN401 -- the same
    if _is_struct(bare) and isinstance(value, dict):
        kinds = {field.name: field.type for field in msgspec.structs.fields(bare)}
        yield from ((kinds[key], inner, f"{path}.{key}") for key, inner in value.items() if key in kinds)
    elif get_origin(bare) is dict and isinstance(value, dict):
        key_kind, inner_kind = get_args(bare)
        for key, inner in value.items():
            yield key_kind, key, f"{path}: the name"
            yield inner_kind, inner, f"{path}.{key}"
    elif get_origin(bare) is list and isinstance(value, list):
        yield from ((get_args(bare)[0], inner, f"{path}[{number}]") for number, inner in enumerate(value))


def _bare(kind: Any) -> Any:  # noqa: ANN401 -- the same
    """``kind`` without limits, and without the None beside a struct."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if len(structs := [part for part in get_args(kind) if _is_struct(part)]) == 1 and _is_union(kind):
        return structs[0]
    return kind


def _is_union(kind: Any) -> bool:  # noqa: ANN401 -- the same
    return get_origin(kind) is Union or type(kind).__name__ == "UnionType"


def _is_struct(kind: Any) -> bool:  # noqa: ANN401 -- the same
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _fits(value: Any, kind: Any) -> bool:  # noqa: ANN401 -- the same
    try:
        msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError:
        return False
    return True
