"""A fault to the reply that its reader can use: a page for a person, JSON for a script or a program.

    status, sentence, Sec-Fetch-Dest or Accept ──► a page with a way back, or {"error": sentence}

A browser that opens an address asks for a document.  The scripts of the pages, and programs, do not.
"""

from collections.abc import Mapping
from http import HTTPStatus

from edged.calls.page.markup import Html, joined, tag
from edged.web.endpoint import Reply, json, page
from edged.web.layout import ENTRIES, framed

_TITLES = {HTTPStatus.NOT_FOUND: "Not found", HTTPStatus.INTERNAL_SERVER_ERROR: "Error in the program"}


def fault_reply(status: HTTPStatus, sentence: str, headers: Mapping[str, str]) -> Reply:
    """The reply to a request with ``headers`` that cannot be served."""
    if not _is_opened(headers):
        return json({"error": sentence}, status)
    title = _TITLES.get(status, "Request refused")
    return page(framed(title, _content(title, sentence), path=""), status)


def _is_opened(headers: Mapping[str, str]) -> bool:
    """Whether a person opened the address; browsers without Sec-Fetch-Dest still name HTML first."""
    opened = headers.get("sec-fetch-dest")
    return opened == "document" if opened is not None else headers.get("accept", "").startswith("text/html")


def _content(title: str, sentence: str) -> Html:
    start = ENTRIES[0]
    way_back = tag("p", tag("a", f"← {start.title}", href=start.path, class_="button"))
    return joined([tag("h1", title), tag("p", sentence, class_="lead"), way_back])
