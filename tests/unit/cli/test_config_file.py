"""Which config file a command uses, and what it says about the others."""

import argparse
import logging
from pathlib import Path

import pytest

from edged.cli import config_file as module
from edged.cli.config_file import config_file
from edged.config.structs import Config
from edged.errors import ConfigError

REPOSITORY = Path(__file__).parents[3]
NOT_GIVEN = argparse.Namespace(config=None)


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty current folder, and a folder ``etc`` in place of /etc/edged."""
    (tmp_path / "here").mkdir()
    (tmp_path / "etc").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(module, "PLACES", (Path("config.yaml"), tmp_path / "etc" / "config.yaml"))


def write(name: str, text: str) -> Path:
    """A file beside the current folder."""
    path = Path(name).absolute()
    path.write_text(text)
    return path


def test_no_file_means_the_defaults() -> None:
    """And says so."""
    assert config_file(NOT_GIVEN).load() == Config()
    assert str(config_file(NOT_GIVEN)) == "no file, all defaults"


def test_file_that_is_given_is_used_whatever_else_exists(tmp_path: Path) -> None:
    """No note: it was asked for."""
    write("config.yaml", "node: here")
    given = write("given.yaml", "node: given")
    assert config_file(argparse.Namespace(config=given)) == (given, "")
    missing = tmp_path / "missing.yaml"
    with pytest.raises(ConfigError, match=r"missing\.yaml: No such file"):
        config_file(argparse.Namespace(config=missing)).load()


@pytest.mark.parametrize("name", ["config.yaml", "../etc/config.yaml"])
def test_only_file_is_used(name: str) -> None:
    """Each place counts, and the name is absolute."""
    write(name, "node: kitchen")
    file = config_file(NOT_GIVEN)
    assert file.load().node == "kitchen"
    assert file.note == ""
    assert str(file).endswith("/config.yaml")


def test_file_of_this_folder_comes_first_and_names_the_other(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """In the log too."""
    here = write("config.yaml", "node: here")
    system = write("../etc/config.yaml", "node: system")
    caplog.set_level(logging.INFO)
    file = config_file(NOT_GIVEN)
    assert file.load().node == "here"
    assert str(file) == f"{here} ({tmp_path / 'etc' / 'config.yaml'} is not used)"
    assert caplog.messages == [f"config: {file}"]
    assert system.exists()


def test_defaults_of_a_checkout_do_not_hide_the_installed_config(tmp_path: Path) -> None:
    """The repository's own config.yaml changes nothing."""
    here = write("config.yaml", (REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
    write("../etc/config.yaml", "node: system")
    file = config_file(NOT_GIVEN)
    assert file.load().node == "system"
    assert str(file) == f"{tmp_path / 'etc' / 'config.yaml'} ({here} changes no default and is not used)"


def test_wrong_file_of_this_folder_is_not_passed_over() -> None:
    """It was meant to be used, so its error is reported."""
    write("config.yaml", "nod: here")
    write("../etc/config.yaml", "node: system")
    with pytest.raises(ConfigError, match="nod is not a key"):
        config_file(NOT_GIVEN).load()
