"""Whatever a checker is told to leave alone says why, in the same line."""

import re
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[2]
_IGNORE = re.compile(r"# (?:noqa|type: ignore)\b.*")
_REASON = re.compile(
    r"(?:# noqa: [A-Z0-9, ]+|# type: ignore\[[a-z0-9, -]+\])(?:  # noqa: [A-Z0-9, ]+)? +(?:-{1,2}|#) \S"
)


@pytest.mark.parametrize("package", ["edged", "convert", "benchmarks"])
def test_ignores_have_a_reason(package: str) -> None:
    """A code without a reason cannot be questioned later."""
    silent = [
        f"{file.relative_to(_REPOSITORY)}:{number}: {line.strip()}"
        for file in sorted((_REPOSITORY / package).rglob("*.py"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if (found := _IGNORE.search(line)) and not _REASON.match(found[0])
    ]
    assert not silent, "\n".join(silent)
