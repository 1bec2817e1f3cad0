"""The frame of every page: name, navigation, content.

    title, path, content ──► <!doctype html>… with the entry of this page marked in the navigation

Every page says when the program has ended (``program.js``), since it stays open in the browser then.
A page joins the navigation by an entry in ``ENTRIES``; its styles and scripts are files that ``assets`` serves.
"""

from collections.abc import Sequence
from typing import NamedTuple

from edged.calls.page.document import ICON
from edged.calls.page.markup import Html, joined, tag

_STYLES = ("look.css", "web.css")
_SCRIPTS = ("program.js",)


class Entry(NamedTuple):
    """One page of the navigation."""

    title: str
    path: str


ENTRIES = (Entry("Calls", "/calls"),)
START = ENTRIES[0].path  # where / leads


def framed(
    title: str, content: Html, *, path: str, styles: Sequence[str] = (), scripts: Sequence[str] = ()
) -> str:  # fmt: skip
    """A whole page; ``path`` is that of its entry in the navigation, ``styles`` and ``scripts`` name assets."""
    head = joined(
        [
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", f"{title}: edged"),
            tag("link", rel="icon", href=ICON),
            *[tag("link", rel="stylesheet", href=f"/assets/{name}") for name in (*_STYLES, *styles)],
            *[tag("script", src=f"/assets/{name}", defer=True) for name in (*_SCRIPTS, *scripts)],
        ]
    )
    body = joined(
        [
            tag("a", "Skip to the content", href="#content", class_="skip"),
            tag(
                "header",
                tag("a", tag("span", "edged"), href=START, class_="brand"),
                tag("nav", tag("ul", *[_entry(entry, path) for entry in ENTRIES]), aria_label="Pages"),
                class_="top no-print",
            ),
            tag("main", _warning(), content, class_="page", id="content", tabindex=-1),
        ]
    )
    return f"<!doctype html>\n{tag('html', tag('head', head), tag('body', body), lang='en')}\n"


def _warning() -> Html:
    """Where ``program.js`` says that the program does not answer."""
    return tag("p", "", id="gone", class_="gone no-print", role="alert")


def _entry(entry: Entry, path: str) -> Html:
    return tag("li", tag("a", entry.title, href=entry.path, aria_current="page" if entry.path == path else None))
