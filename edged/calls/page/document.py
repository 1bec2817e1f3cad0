"""A page in one file: its content, its styles and its scripts, and a policy that lets it load and send nothing.

    title, body, names of assets ──► <!doctype html>… with each asset inlined and its hash in the policy

The policy (Content-Security-Policy) names each style and script by its hash, so markup that a name or a label carried
into the page could not run, and the page can reach no address.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from edged.calls.page.markup import Html, joined, tag

ASSETS = Path(__file__).parent / "assets"
_UPLOT = "uplot/uPlot.iife.min.js"
_LICENSE = "uplot/LICENSE"
# An SVG mark, so that a browser asks no server for /favicon.ico.
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16'"
    " rx='3' fill='%231f5fbf'/%3E%3Cpath d='M2 9h2l2-5 3 9 2-6 1 2h2' fill='none' stroke='%23fff'"
    " stroke-width='1.5'/%3E%3C/svg%3E"
)


def document(title: str, body: Html, *, styles: Sequence[str], scripts: Sequence[str]) -> str:
    """The whole page; ``styles`` and ``scripts`` are names of assets, in the order in which they count."""
    css, js = [asset(name) for name in styles], [asset(name) for name in scripts]
    policy = (
        f"default-src 'none'; style-src {_hashes(css)}; script-src {_hashes(js)}; img-src data:;"
        " media-src 'self' file:; base-uri 'none'; form-action 'none'"
    )
    head = joined(
        [
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=policy),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="referrer", content="no-referrer"),
            tag("title", title),
            tag("link", rel="icon", href=ICON),
            *[tag("style", Html(content)) for content in css],
        ]
    )
    content = joined([body, *[tag("script", Html(script)) for script in js]])
    return f"<!doctype html>\n{tag('html', tag('head', head), tag('body', content), lang='en')}\n"


@cache
def asset(name: str) -> str:
    """The text of an asset; uPlot's includes its licence, as the licence requires."""
    content = (ASSETS / name).read_text(encoding="utf-8").strip()
    if name == _UPLOT:
        licence = (ASSETS / _LICENSE).read_text(encoding="utf-8").strip()
        return f"/*!\n{licence}\n*/\n{content}"
    return content


def _hashes(contents: Sequence[str]) -> str:
    digests = (hashlib.sha256(content.encode()).digest() for content in contents)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests) or "'none'"
