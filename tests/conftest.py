"""What all tests share: where the corpora are, a fast folder, and that no thread of ours outlives a test."""

import logging
import os
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


# Folders whose files have fixtures too costly for every worker of pytest-xdist to make its own.
_ONE_WORKER = ("convert", "sound")
# Fixtures that need a program or a right that a fresh machine lacks, and the folder whose tests always need it.
_NEEDS = {"mosquitto": "broker", "virtual_microphone": "sound", "card": "faults", "corpora": "corpora"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its folder and with what its fixtures need."""
    for item in items:
        place = item.path.relative_to(Path(__file__).parent)
        item.add_marker(place.parts[0])
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in _NEEDS:
                item.add_marker(_NEEDS[fixture])
        if place.parts[0] in _ONE_WORKER:
            item.add_marker(pytest.mark.xdist_group(str(place)))


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real recordings; a test that needs it is skipped where it is absent."""
    folder = Path(os.environ.get("EDGED_CORPORA") or _REPOSITORY / ".." / "shared" / "corpora").resolve()
    if folder.is_dir():
        return folder
    pytest.skip(f"needs real speech: no folder {folder}; set EDGED_CORPORA")


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wav of the first ``SPEECH_S`` of the sample conversation, which needs no corpora."""
    samples, rate_hz = soundfile.read(SAMPLE, dtype="int16")
    file = tmp_path_factory.mktemp("speech") / "speech.wav"
    soundfile.write(file, samples[: round(SPEECH_S * rate_hz)], rate_hz)
    return file


@pytest.fixture(scope="module")
def fast() -> Iterator[Path]:
    """A folder whose writes wait for no disk, where the system has one."""
    memory = Path("/dev/shm")  # noqa: S108 -- a folder of our own below it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def _state_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test's daemon keeps is gone with the test, and never at home."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(autouse=True)
def _log_level_stays() -> Iterator[None]:
    """Commands and a config that is read again set the root logger's level; afterwards it is as before."""
    root = logging.getLogger()
    before = root.level
    yield
    root.setLevel(before)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Whatever a test opened it also closed: afterwards no thread of ours is alive."""
    yield
    alive = [thread.name for thread in threading.enumerate() if thread.name.startswith("edged")]
    assert alive == []
