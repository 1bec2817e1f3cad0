"""The snippets that the README offers for pasting, as they stand in it.

README ──a summary's beginning──► the fenced blocks below it, in order
"""

import re

from tests.tools.readme import README


def blocks(summary: str) -> list[str]:
    """The blocks of the ``<details>`` whose summary begins so."""
    _, found, rest = README.read_text(encoding="utf-8").partition(f"<details><summary>{summary}")
    assert found, f"the README has no details {summary!r}"
    inside = rest.partition("</details>")[0]
    return re.findall(r"^```\w*\n(.*?)^```$", inside, re.MULTILINE | re.DOTALL)
