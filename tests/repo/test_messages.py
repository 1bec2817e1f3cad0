"""Messages about files: the name once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.system.program import REPOSITORY


def named_twice(source: str) -> Iterator[int]:
    """Lines with an OSError as it is in an f-string beside other values: its text ends with the name of its file."""
    for handler in ast.walk(ast.parse(source)):
        if not isinstance(handler, ast.ExceptHandler) or handler.type is None:
            continue
        caught = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
        for text in ast.walk(handler):
            if isinstance(text, ast.JoinedStr) and "OSError" in caught:
                values = [part.value for part in text.values if isinstance(part, ast.FormattedValue)]
                plain = [one for one in values if isinstance(one, ast.Name) and one.id == handler.name]
                if plain and len(values) > 1:
                    yield text.lineno


def test_rule_sees_such_a_message() -> None:
    """Beside a name; alone, with its reason, or for another error it is right."""
    message = "try:\n    pass\nexcept ({}) as exc:\n    print(f'{}')\n"
    assert [*named_twice(message.format("OSError, ValueError", "{file}: {exc}"))] == [4]
    for caught, text in (("OSError", "{exc}"), ("OSError", "{file}: {reason(exc)}"), ("ValueError", "{file}: {exc}")):
        assert [*named_twice(message.format(caught, text))] == []


@pytest.mark.parametrize("folder", ["edged", "convert", "benchmarks"])
def test_file_is_named_once(folder: str) -> None:
    """``reason(exc)`` of edged.errors instead."""
    files = sorted(Path(REPOSITORY, folder).rglob("*.py"))
    found = [f"{file}:{line}" for file in files for line in named_twice(file.read_text(encoding="utf-8"))]
    assert found == []
