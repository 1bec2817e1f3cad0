"""Shared by all tests: corpora, a RAM-backed folder, markers, and a check that no thread outlives its test."""

import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from edged.demo.sample import SAMPLE
from tests.parts.ci import pytest_make_collect_report, pytest_runtest_makereport
from tests.parts.sound.speech import SPEECH_S
from tests.parts.system.installed import container, microphone, service

# pytest finds its hooks by their names here, and fixtures of several files.
__all__ = ["container", "microphone", "pytest_make_collect_report", "pytest_runtest_makereport", "service"]

pytest_plugins = ["tests.parts.reports"]

_REPOSITORY = Path(__file__).parent.parent


_LONG_TIMEOUT_S = 1500  # of tests whose fixtures train networks, or install a system from its packages
_PATIENCE_S = 60.0
_INSTALLS = ("systemd", "arm64", "homeassistant", "nodered", "cluster")
# Fixtures that need a program or privilege that a fresh machine lacks, and the folder whose tests always need it.
_NEEDS = {"mosquitto": "broker", "virtual_microphone": "sound", "card": "faults", "corpora": "corpora"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its folder and by the requirements of its fixtures."""
    for item in items:
        place = item.path.relative_to(Path(__file__).parent)
        item.add_marker(place.parts[0])
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in _NEEDS:
                item.add_marker(_NEEDS[fixture])
        if place.parts[0] == "convert" or any(map(item.get_closest_marker, _INSTALLS)):
            item.add_marker(pytest.mark.timeout(_LONG_TIMEOUT_S))


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Folder of real recordings; tests that need it are skipped if it is absent."""
    folder = Path(os.environ.get("EDGED_CORPORA") or _REPOSITORY / ".." / "shared" / "corpora").resolve()
    if folder.is_dir():
        return folder
    pytest.skip(f"needs real speech: no folder {folder}; set EDGED_CORPORA")


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """WAV file with the first ``SPEECH_S`` of the sample conversation; needs no corpora."""
    samples, rate_hz = soundfile.read(SAMPLE, dtype="int16")
    file = tmp_path_factory.mktemp("speech") / "speech.wav"
    soundfile.write(file, samples[: round(SPEECH_S * rate_hz)], rate_hz)
    return file


@pytest.fixture(scope="module")
def fast() -> Iterator[Path]:
    """Temporary folder in RAM where the system has one, so writes do not wait for a disk."""
    memory = Path("/dev/shm")  # noqa: S108 -- a folder of our own below it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def _state_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each daemon keeps its state below ``tmp_path``, never in the user's home."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(autouse=True)
def _busy_disk_is_no_hung_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write has a minute instead of a moment; tests of a hung disk set their own deadline."""
    deadlines = {
        "edged.pipeline.adaptation_store": "_DEADLINE_S",
        "edged.config.overrides": "_DEADLINE_S",
        "edged.outbox.journal": "_CLOSE_S",
    }
    for module, deadline in deadlines.items():
        if module in sys.modules:
            monkeypatch.setattr(f"{module}.{deadline}", _PATIENCE_S)


@pytest.fixture(autouse=True)
def _log_stays() -> Iterator[None]:
    """The root logger's level, which commands and reloads change, is restored, and their handlers are removed."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    for handler in root.handlers[:]:
        if handler not in handlers:  # it writes to what was stderr in the test
            root.removeHandler(handler)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """No thread of edged is alive after the test, or soon after it where a disk is slow."""
    yield
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("edged")]
    for thread in threads:
        thread.join(_PATIENCE_S)
    assert [thread.name for thread in threads if thread.is_alive()] == []
