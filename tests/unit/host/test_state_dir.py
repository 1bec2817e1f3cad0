"""The state folder: from the config, from systemd, or in the user's home."""

from pathlib import Path

import pytest

from edged.errors import ConfigError
from edged.host import state_dir
from edged.host.state_dir import existing_state_file, existing_state_folder, state_folder


@pytest.fixture(autouse=True)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The service's folder, below the test's folder; it does not exist at first."""
    folder = tmp_path / "service"
    monkeypatch.setattr(state_dir, "_SERVICE", folder)
    return folder


def test_config_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configured folder wins."""
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/edged")
    assert state_folder("/data/edged") == Path("/data/edged")
    assert state_folder("~/edged") == Path.home() / "edged"
    assert state_folder("edged").is_absolute()


def test_systemd_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd may give several folders; the first one is used."""
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/private/edged:/var/lib/other")
    assert state_folder("") == Path("/var/lib/private/edged")


def test_home_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG base directories apply; a relative one is ignored."""
    monkeypatch.setenv("XDG_STATE_HOME", "/x")
    assert state_folder("") == Path("/x/edged")
    monkeypatch.setenv("XDG_STATE_HOME", "x")
    assert state_folder("") == Path.home() / ".local" / "state" / "edged"
    monkeypatch.delenv("XDG_STATE_HOME")
    assert state_folder("") == Path.home() / ".local" / "state" / "edged"


def test_reader_finds_the_service(tmp_path: Path, service: Path) -> None:
    """A reader outside the service uses the service's folder, unless the user has a file."""
    home_file = tmp_path / "state" / "edged" / "file"
    assert existing_state_file("", "file") == home_file
    service.mkdir()
    (service / "file").touch()
    assert existing_state_file("", "file") == service / "file"
    assert existing_state_file(str(tmp_path), "file") == tmp_path / "file"
    home_file.parent.mkdir(parents=True)
    home_file.touch()
    assert existing_state_file("", "file") == home_file


def test_folder_of_the_service(tmp_path: Path, service: Path) -> None:
    """A reader outside the service takes its folder, unless the user or the config has one."""
    home = tmp_path / "state" / "edged"
    assert existing_state_folder("") == home
    service.mkdir()
    assert existing_state_folder("") == service
    assert existing_state_folder("/data/edged") == Path("/data/edged")
    home.mkdir(parents=True)
    assert existing_state_folder("") == home


def test_home_of_nobody_is_named() -> None:
    """For a ``~`` with an unknown user the error has key, value and expectation."""
    with pytest.raises(ConfigError, match=r"^state_dir is '~nobody-here/x': there is no such user, expected "):
        state_folder("~nobody-here/x")


def test_user_without_a_home_needs_state_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to set, instead of a folder in /tmp with a predictable name."""

    def no_home() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr("edged.host.state_dir.Path.home", no_home)
    with pytest.raises(ConfigError, match=r"^state_dir is empty and this user has no home, expected a folder's path"):
        state_folder("")
    assert state_folder("/data/edged") == Path("/data/edged")


def test_name_that_no_folder_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """An invalid environment is reported by the code that opens the file."""
    monkeypatch.setenv("XDG_STATE_HOME", "/" + "x" * 300)
    assert existing_state_file("", "file") == Path("/" + "x" * 300) / "edged" / "file"
