"""application: the addresses of the pages, their headers, and what is refused; in process, with real uploads."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from edged.config.structs import Config, Web
from edged.web import assets
from edged.web.application import application
from edged.web.calls.call_queue import Calls
from edged.web.calls.endpoints import CallEndpoints
from edged.web.calls.page import SCRIPTS
from edged.web.guard import HEADERS
from edged.web.program import names
from tests.parts.web.recordings import as_bytes

_BASE = "http://127.0.0.1:8095"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A browser's view of the program; at most two calls."""
    config = Config(web=Web(max_calls=2, max_megabytes=1))
    calls = Calls(tmp_path, config)
    endpoints = [*CallEndpoints(calls, config.web).all(), *assets.endpoints()]
    with TestClient(application(endpoints, names(config.web), calls.running), base_url=_BASE) as client:
        yield client


def _sent(client: TestClient, name: str = "a.wav", content: bytes | None = None) -> tuple[int, dict[str, str]]:
    """Status and answer of an upload."""
    reply = client.post("/calls/upload", files={"recording": (name, as_bytes() if content is None else content)})
    return reply.status_code, reply.json()


def test_page_and_its_files(client: TestClient) -> None:
    """The page is there, and every style and script that it names."""
    page = client.get("/calls")
    assert page.status_code == 200
    assert "up to 1 MB and 4 hours each" in page.text
    assert 'aria-current="page"' in page.text
    for address in ("look.css", "web.css", *SCRIPTS, "uplot/uPlot.iife.min.js"):
        assert client.get(f"/assets/{address}").status_code == 200
    for address in ("look.css", "web.css", *SCRIPTS):
        assert f"/assets/{address}" in page.text


@pytest.mark.parametrize("path", ["/calls", "/assets/web.css", "/nothing", "/calls/state", "/calls/x/report"])
def test_headers_everywhere(client: TestClient, path: str) -> None:
    """Each reply has the policy, errors too."""
    reply = client.get(path)
    for name, value in HEADERS.items():
        assert reply.headers[name] == value


@pytest.mark.parametrize(
    "path", ["/assets/../web.css", "/assets/%2e%2e/application.py", "/assets/uplot", "/assets//etc/passwd"]
)
def test_assets_no_path(client: TestClient, path: str) -> None:
    """A name is looked up in a list, never on the disk."""
    assert client.get(path).status_code == 404


def test_foreign_requests_refused(client: TestClient) -> None:
    """A foreign Host gets 421, a foreign Origin 403, and nothing is stored."""
    assert client.get("/calls", headers={"host": "evil.example"}).status_code == 421
    files = {"recording": ("a.wav", as_bytes())}
    refused = client.post("/calls/upload", files=files, headers={"origin": "http://evil.example"})
    assert refused.status_code == 403
    assert refused.json() == {"error": "Another site sent this request."}
    assert client.get("/calls/state").json() == {"calls": []}


def test_upload_listed_and_removed(client: TestClient, tmp_path: Path) -> None:
    """A call appears under an id of ours, and its folder is gone when it is removed."""
    status, sent = _sent(client, "../../<b>.wav")
    assert status == 201
    identifier = sent["id"]
    (call,) = client.get("/calls/state").json()["calls"]
    assert (call["id"], call["name"]) == (identifier, "<b>.wav")
    assert [path.name for path in tmp_path.iterdir()] == [identifier]
    assert client.delete(f"/calls/{identifier}").status_code == 200
    assert client.get("/calls/state").json() == {"calls": []}
    assert list(tmp_path.iterdir()) == []


def test_upload_refused_leaves_nothing(client: TestClient, tmp_path: Path) -> None:
    """A type or size that is refused is a sentence, and no folder is left."""
    status, refused = _sent(client, "a.wav", b"%PDF-1.7 " + bytes(1000))
    assert status == 415
    assert refused == {"error": "a.wav is a PDF document, not a wav, flac, ogg, opus or mp3 file."}
    status, _ = _sent(client, "a.wav", b"RIFF\0\0\0\0WAVE" + bytes(1_100_000))
    assert status == 413
    assert list(tmp_path.iterdir()) == []


def test_upload_too_many(client: TestClient) -> None:
    """With web.max_calls in the list the next one is refused, until one is removed."""
    first = _sent(client)[1]["id"]
    _sent(client)
    status, refused = _sent(client)
    assert status == 409
    assert "Remove some" in refused["error"]
    client.delete(f"/calls/{first}")
    assert _sent(client)[0] == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/calls/none/report"),
        ("GET", "/calls/none/report.html"),
        ("GET", "/calls/none/preview/left"),
        ("GET", "/calls/..%2f..%2fetc/passwd"),
        ("DELETE", "/calls/none"),
        ("POST", "/calls/none/customer"),
    ],
)
def test_unknown_call(client: TestClient, method: str, path: str) -> None:
    """An address of a call that is not there is 404, with a sentence."""
    reply = client.request(method, path, content=b'{"customer": "left"}')
    assert reply.status_code == 404
    assert reply.json()["error"]


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"sec-fetch-dest": "document", "accept": "*/*"}, "text/html; charset=utf-8"),
        ({"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, "text/html; charset=utf-8"),
        ({"sec-fetch-dest": "empty", "accept": "text/html"}, "application/json"),
        ({"accept": "*/*"}, "application/json"),
    ],
)
def test_fault_for_its_reader(client: TestClient, headers: dict[str, str], kind: str) -> None:
    """An opened address has a page for its fault, a refused one too; a script and a program get JSON."""
    for path, more, status in (("/calls/none/report", {}, 404), ("/calls", {"host": "evil.example"}, 421)):
        reply = client.get(path, headers={**headers, **more})
        assert (reply.status_code, reply.headers["content-type"]) == (status, kind)


def test_choice_checked(client: TestClient) -> None:
    """Only a channel is a choice, and only while it is asked for."""
    identifier = _sent(client)[1]["id"]
    unreadable = (b'{"customer": "\xff"}', b'{"customer": ' + b"[" * 4000, b"x" * 10_000)
    for body in (b"", b"{}", b'{"customer": "agent"}', b'{"customer": "left", "x": 1}', *unreadable):
        assert client.post(f"/calls/{identifier}/customer", content=body).status_code in {400, 413}
    assert client.post(f"/calls/{identifier}/customer", content=b'{"customer": "left"}').status_code == 409
