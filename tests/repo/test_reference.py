"""The generated pages of docs/ are current and complete."""

from pathlib import Path

import pytest

from tests.tools.reference import BEGIN, END, PAGES, comments, renewed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_page_is_current(page: Path) -> None:
    """The page matches its source; `make reference` writes it."""
    text = page.read_text(encoding="utf-8")
    assert text == renewed(text, PAGES[page]()), "run `make reference`"


def test_renewed_replaces_only_the_reference() -> None:
    """Text around the markers stays."""
    assert renewed(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new") == f"before\n{BEGIN}\n\nnew\n{END}\nafter\n"


def test_renewed_without_markers() -> None:
    """A page without markers is an error."""
    with pytest.raises(AssertionError, match="the page lacks"):
        renewed("no markers", "new")


def test_comments_by_key() -> None:
    """Each comment belongs to its key and section; a second line continues the first."""
    text = "node: a   # name\naudio:\n  gain_db: 0   # in dB,\n              # positive is louder\nlast: 1   # end\n"
    assert comments(text) == {"node": "name", "audio.gain_db": "in dB, positive is louder", "last": "end"}
