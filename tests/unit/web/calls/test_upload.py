"""upload: size and type are checked while the bytes come, and nothing of a client becomes a path."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from edged.web.calls.upload import Upload, shown_name
from edged.web.endpoint import Fault
from tests.parts.web.recordings import as_bytes

_PIECE = 1000


class _Form:
    """A browser's form, in pieces."""

    def __init__(self, file: tuple[str, bytes] | None, *, drop: int = 0, **fields: str) -> None:
        files = None if file is None else {"recording": file}
        request = httpx.Request("POST", "http://x/", data=fields, files=files)
        request.read()
        self.headers = dict(request.headers)
        self.path_params: dict[str, str] = {}
        self.body = request.content[: len(request.content) - drop]
        self.n_sent = 0

    async def stream(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), _PIECE):
            self.n_sent = start + _PIECE
            yield self.body[start : start + _PIECE]


def _received(folder: Path, form: _Form, max_bytes: int = 1_000_000) -> Upload:
    with Upload(folder, max_bytes) as upload:
        asyncio.run(upload.receive(form))
    return upload


def test_upload_stored(tmp_path: Path) -> None:
    """The recording lies in the folder byte for byte under a name of ours; the fields are there."""
    content = as_bytes("FLAC")
    upload = _received(tmp_path, _Form(("Grüße.flac", content), keep="yes"))
    assert upload.path == tmp_path / "recording.flac"
    assert upload.path.read_bytes() == content
    assert upload.name == "Grüße.flac"
    assert upload.fields == {"keep": "yes"}


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/x.wav", "/etc/passwd", "C:\\x\\y.wav", "..", "a\0b.wav", "x" * 999]
)
def test_upload_hostile_name(tmp_path: Path, name: str) -> None:
    """Whatever a client calls its file, one file with our name is written."""
    folder = tmp_path / "call"
    folder.mkdir()
    upload = _received(folder, _Form((name, as_bytes())))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["recording.wav"]
    assert len(upload.name) <= 255


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.wav", "a.wav"),
        ("C:\\calls\\a.wav", "a.wav"),
        ("/x/a.wav", "a.wav"),
        ("..", "recording"),
        ("", "recording"),
        ("n" * 255, "n" * 255),
    ],
)
def test_shown_name(name: str, shown: str) -> None:
    """The last part of a path of any system, and a word where there is none."""
    assert shown_name(name) == shown


def test_upload_too_large(tmp_path: Path) -> None:
    """A form above the limit is dropped while it comes, even if it announces less."""
    form = _Form(("a.wav", b"RIFF\0\0\0\0WAVE" + bytes(200_000)))
    form.headers["content-length"] = "100"
    with pytest.raises(Fault, match="larger than the 0 MB that") as caught:
        _received(tmp_path, form, max_bytes=50_000)
    assert caught.value.status == 413
    assert form.n_sent <= 50_000 + 17_000 + _PIECE


def test_upload_too_large_announced(tmp_path: Path) -> None:
    """A length in the header above the limit is refused before a byte is read."""
    form = _Form(("a.wav", b"RIFF\0\0\0\0WAVE" + bytes(200_000)))
    with pytest.raises(Fault) as caught:
        _received(tmp_path, form, max_bytes=50_000)
    assert caught.value.status == 413
    assert form.n_sent == 0


def test_upload_other_type(tmp_path: Path) -> None:
    """Another type is refused at its first bytes, and no file is left."""
    form = _Form(("call.wav", b"%PDF-1.7 " + bytes(100_000)))
    with pytest.raises(Fault, match=r"call\.wav is a PDF document, not a wav, flac, ogg, opus or mp3 file") as caught:
        _received(tmp_path, form)
    assert caught.value.status == 415
    assert form.n_sent <= 2 * _PIECE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (_Form(("a.wav", b"")), "The file is empty"),
        (_Form(("a.wav", b"RIFF")), "not a wav, flac"),
        (_Form(None, keep="yes"), "no form with a recording"),
        (_Form(("a.wav", as_bytes()), drop=20_000), "ended early"),
        (_Form(("a.wav", as_bytes()), note="x" * 2000), "too long"),
    ],
    ids=["empty", "short", "no file", "cut off", "long field"],
)
def test_upload_faults(tmp_path: Path, form: _Form, sentence: str) -> None:
    """Each has a sentence."""
    with pytest.raises(Fault, match=sentence):
        _received(tmp_path, form)


def test_upload_garbage(tmp_path: Path) -> None:
    """A body that is no form is refused."""
    form = _Form(("a.wav", as_bytes()))
    form.body = b"nothing" * 100
    with pytest.raises(Fault, match="damaged"):
        _received(tmp_path, form)
