"""markup: text never becomes markup, neither in content nor in an attribute nor in data for scripts."""

import json
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from edged.calls.page.markup import Html, data, joined, tag, text


class _Reader(HTMLParser):
    """What a browser would make of markup."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.values: list[str | None] = []
        self.content = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.content += data


def _read(markup: str) -> _Reader:
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader


def test_tag_attributes() -> None:
    """Underscores become hyphens, the last one is dropped; True stands alone, None and False are left out."""
    made = tag("p", "a", tag("br"), class_="note", aria_label="x", hidden=True, id=None, draggable=False, tabindex=0)
    assert made == '<p class="note" aria-label="x" hidden tabindex="0">a<br></p>'


def test_text_escaped_html_not() -> None:
    """A str is escaped, Html is written as it is, and both together are Html."""
    assert joined(["<i>", Html("<b>")]) == "&lt;i&gt;<b>"
    assert isinstance(joined(["a"]), Html)


def test_text_invisible() -> None:
    """Control characters, marks that reverse the direction of text, and lone surrogates become U+FFFD."""
    assert text("a\u202egpj.exe\x1b\x00\udcff") == "a\ufffdgpj.exe\ufffd\ufffd\ufffd"
    assert text("Grüße 电话 🎧\n\t") == "Grüße 电话 🎧\n\t"


@given(st.text())
def test_text_anything_stays_text(value: str) -> None:
    """Whatever a name holds, a parser finds one element with one attribute, and the name in both."""
    read = _read(tag("p", value, title=value))
    shown = _read(text(value)).content
    assert read.tags == ["p"]
    assert read.values == [shown]
    assert read.content == shown
    tag("p", value).encode()  # no surrogate is left


@given(st.text())
def test_data_anything_stays_data(value: str) -> None:
    """Data ends at the end of its element, and is the value again when it is read as JSON."""
    made = data("call", {"file": value})
    read = _read(made)
    assert read.tags == ["script"]
    assert json.loads(read.content) == {"file": value}
    assert made.count("</script") == 1
    made.encode()
