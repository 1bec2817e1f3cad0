"""The names of sound formats: every one is read, and every help, message and page has the same list."""

from pathlib import Path

import pytest
import soundfile

from edged.audio.formats.names import ENDINGS, IN_BROWSERS, PLAYED, READ, SUFFIXES
from edged.audio.recording import Recording
from edged.calls.batch import jobs
from edged.cli.main import main
from edged.config.structs import Web
from edged.errors import RecordingError, UsageError
from edged.web.calls.page import calls_page
from edged.web.calls.sound_type import sound_type
from tests.parts.sound.speech import RATE_HZ, noise
from tests.parts.system.program import REPOSITORY

_IN_OGG = {"ogg": "VORBIS", "opus": "OPUS"}


def written(folder: Path, name: str, ending: str) -> Path:
    """A second of noise in the format ``name``."""
    file = folder / f"call{ending}"
    form, subtype = ("OGG", _IN_OGG[name]) if name in _IN_OGG else (name.upper(), None)
    soundfile.write(file, noise(1.0), RATE_HZ, subtype, format=form)
    return file


@pytest.mark.parametrize(("name", "ending"), [(name, ending) for name in SUFFIXES for ending in SUFFIXES[name]])
def test_every_named_format_is_read(name: str, ending: str, tmp_path: Path) -> None:
    """Under each of its endings, also from a folder of calls; the page takes those that a browser plays."""
    file = written(tmp_path, name, ending)
    with Recording(file) as recording:
        assert recording.read(1) is not None
    assert [job.file for job in jobs([tmp_path], None)] == [file]
    assert (sound_type(file.read_bytes()[:12]) is not None) == (name in {*IN_BROWSERS, "rf64"})  # which begins as a wav


@pytest.mark.parametrize("command", ["classify", "replay", "calls"])
def test_help_names_them_all(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the table."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert READ in " ".join(capsys.readouterr().out.split())


def test_messages_name_them_all(tmp_path: Path) -> None:
    """Of a file, and of a folder without recordings."""
    with pytest.raises(RecordingError, match=f"expected {READ}$"), Recording(tmp_path / "absent"):
        pass
    with pytest.raises(UsageError, match="no recordings, expected files ending in " + ", ".join(ENDINGS)):
        jobs([tmp_path], None)


def test_docs_and_page_name_them_all() -> None:
    """The page those that it takes, in its hint and for the dialog that chooses files."""
    assert f"read {READ}," in (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
    assert f"is taken: {PLAYED}." in (REPOSITORY / "docs" / "web.md").read_text(encoding="utf-8")
    page = str(calls_page(Web()))
    assert f"{PLAYED}, up to " in page
    assert 'accept=".wav,.wave,.flac,.ogg,.oga,.opus,.mp3,audio/*"' in page
