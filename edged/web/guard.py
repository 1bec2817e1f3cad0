"""Which requests are served, and the headers of every reply.

    Host, Origin, Sec-Fetch-Site ──refusal──► None, or status and sentence      HEADERS ──► every reply

A page of another site can send requests to this machine's loopback, or give its own name this machine's address (DNS
rebinding).  The first carries a foreign Origin, the second a foreign Host; both are refused.  The policy lets a page
load only what this program serves, and no other site can frame it.
"""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src"
        " 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class Refusal(NamedTuple):
    """Why a request is not served."""

    status: HTTPStatus
    sentence: str


def refusal(method: str, headers: Mapping[str, str], names: Collection[str]) -> Refusal | None:
    """None for a request that is served; ``names`` are the host names of this program, without a port."""
    host = headers.get("host", "")
    if host_name(host) not in names:
        return Refusal(HTTPStatus.MISDIRECTED_REQUEST, "This program does not answer to that name. See web.names.")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return Refusal(HTTPStatus.FORBIDDEN, "Another site sent this request.")
    if headers.get("sec-fetch-site") == "cross-site" and not _is_link(method, headers):
        return Refusal(HTTPStatus.FORBIDDEN, "Another site sent this request.")
    return None


def host_name(host: str) -> str:
    """The name or address in a Host header, in lower case and without the port; empty where there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets without an address
        return ""


def _is_link(method: str, headers: Mapping[str, str]) -> bool:
    """A person followed a link of another site to a page."""
    return method in _SAFE and headers.get("sec-fetch-mode") == "navigate"
