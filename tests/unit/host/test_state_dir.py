"""The folder for what outlives the program: the config's, systemd's, the user's."""

from pathlib import Path

import pytest

from edged.errors import ConfigError
from edged.host import state_dir
from edged.host.state_dir import existing_state_file, state_folder


@pytest.fixture(autouse=True)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The service's folder, below the test's own folder; it does not exist at first."""
    folder = tmp_path / "service"
    monkeypatch.setattr(state_dir, "_SERVICE", folder)
    return folder


def test_config_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody wrote, they meant."""
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/edged")
    assert state_folder("/data/edged") == Path("/data/edged")
    assert state_folder("~/edged") == Path.home() / "edged"
    assert state_folder("edged").is_absolute()


def test_systemd_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may give several folders; the first is the unit's first."""
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/private/edged:/var/lib/other")
    assert state_folder("") == Path("/var/lib/private/edged")


def test_home_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the XDG base directories have it; a relative one is to be ignored."""
    monkeypatch.setenv("XDG_STATE_HOME", "/x")
    assert state_folder("") == Path("/x/edged")
    monkeypatch.setenv("XDG_STATE_HOME", "x")
    assert state_folder("") == Path.home() / ".local" / "state" / "edged"
    monkeypatch.delenv("XDG_STATE_HOME")
    assert state_folder("") == Path.home() / ".local" / "state" / "edged"


def test_reader_finds_the_service(tmp_path: Path, service: Path) -> None:
    """From a shell that knows nothing of it, unless there is a file of one's own."""
    own = tmp_path / "state" / "edged" / "file"
    assert existing_state_file("", "file") == own
    service.mkdir()
    (service / "file").touch()
    assert existing_state_file("", "file") == service / "file"
    assert existing_state_file(str(tmp_path), "file") == tmp_path / "file"
    own.parent.mkdir(parents=True)
    own.touch()
    assert existing_state_file("", "file") == own


def test_home_of_nobody_is_named() -> None:
    """A ``~`` with a name that the system does not know: the key, the value and what is expected, as of all of them."""
    with pytest.raises(ConfigError, match=r"^state_dir is '~nobody-here/x': there is no such user, expected "):
        state_folder("~nobody-here/x")


def test_user_without_a_home_needs_state_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the config that says what to do, and no folder in /tmp, whose name anybody can guess."""

    def no_home() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr("edged.host.state_dir.Path.home", no_home)
    with pytest.raises(ConfigError, match=r"^state_dir is empty and this user has no home, expected a folder's path"):
        state_folder("")
    assert state_folder("/data/edged") == Path("/data/edged")


def test_name_that_no_folder_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that is nonsense is named by whoever opens the file."""
    monkeypatch.setenv("XDG_STATE_HOME", "/" + "x" * 300)
    assert existing_state_file("", "file") == Path("/" + "x" * 300) / "edged" / "file"
