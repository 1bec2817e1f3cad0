"""guard: a foreign Host or Origin is refused, whatever the port; a link from elsewhere is not."""

import pytest

from edged.web.guard import HEADERS, LOOPBACK, host_name, refusal

_OURS = {"host": "127.0.0.1:8095"}


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1:8095", "127.0.0.1"),
        ("LocalHost", "localhost"),
        ("[::1]:8095", "::1"),
        ("evil.example:8095", "evil.example"),
        ("127.0.0.1@evil.example", "evil.example"),
        ("127.0.0.1.evil.example", "127.0.0.1.evil.example"),
        ("[::1", ""),
        ("", ""),
    ],
)
def test_host_name(host: str, name: str) -> None:
    """The name without a port, whatever tricks stand in the header."""
    assert host_name(host) == name


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8095", "127.0.0.1@evil.example", "", "[::1"])
def test_refusal_foreign_host(host: str) -> None:
    """A name that resolves to this machine is not ours: 421, as for DNS rebinding."""
    refused = refusal("GET", {"host": host}, LOOPBACK)
    assert refused is not None
    assert refused.status == 421


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8095", "file://", ""]
)
def test_refusal_foreign_origin(origin: str) -> None:
    """A page of another site, another port or a file may send nothing."""
    refused = refusal("POST", {**_OURS, "origin": origin}, LOOPBACK)
    assert refused is not None
    assert refused.status == 403


def test_refusal_cross_site() -> None:
    """Another site may link here and may not load anything from here."""
    headers = {**_OURS, "sec-fetch-site": "cross-site"}
    assert refusal("GET", {**headers, "sec-fetch-mode": "navigate"}, LOOPBACK) is None
    assert refusal("GET", {**headers, "sec-fetch-mode": "no-cors"}, LOOPBACK) is not None
    assert refusal("POST", {**headers, "sec-fetch-mode": "navigate"}, LOOPBACK) is not None


def test_refusal_ours() -> None:
    """Our own pages, a program without an Origin, and a proxy's name that the config has."""
    assert refusal("POST", {**_OURS, "origin": "http://127.0.0.1:8095"}, LOOPBACK) is None
    assert refusal("POST", _OURS, LOOPBACK) is None
    proxied = {"host": "calls.example.org", "origin": "https://calls.example.org"}
    assert refusal("POST", proxied, LOOPBACK | {"calls.example.org"}) is None


def test_headers_allow_nothing_inline() -> None:
    """The policy has no exception for inline scripts or styles, and no other site may frame a page."""
    policy = HEADERS["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
