"""Elements and texts to HTML, in which no text can become markup.

    tag("p", "R&D <b>", class_="note") ──► <p class="note">R&amp;D &lt;b&gt;</p>, as ``Html``

File names are whatever a caller sent.  A ``str`` is always escaped, only ``Html`` is written as it is, and only
``tag``, ``joined`` and ``data`` make ``Html``.
"""

import json
import re
from collections.abc import Iterable
from html import escape

_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta"})
# Controls, and the marks that turn the direction of text round: a name ending in "gpj.exe" must not read "exe.jpg".
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Html(str):
    """Markup, written as it is."""

    __slots__ = ()


Attribute = str | int | float | bool | None


def tag(name: str, /, *children: str, **attributes: Attribute) -> Html:
    """One element.

    ``class_`` and ``for_`` lose their underscore, any other becomes a hyphen: ``aria_label``.  True writes an attribute
    without a value, None and False leave it out.
    """
    written = "".join(
        f" {_attribute(key)}" if value is True else f' {_attribute(key)}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(children)}</{name}>")


def joined(parts: Iterable[str]) -> Html:
    """Elements and texts one after the other."""
    return Html("".join(part if isinstance(part, Html) else text(part) for part in parts))


def text(value: str) -> Html:
    """Text without a meaning in HTML, neither as content nor in an attribute; invisible characters become U+FFFD."""
    return Html(escape(_INVISIBLE.sub(_REPLACEMENT, value)))


def data(identifier: str, value: object) -> Html:
    """``value`` as JSON in an element that scripts read and browsers never run."""
    # "<" cannot stand in it: "</script" would end the element, "<!--" would hide its end.
    content = json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return Html(f'<script type="application/json" id="{text(identifier)}">{content}</script>')


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
