"""Which config file a command uses, and what it reports about others."""

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
    """Write a file relative to the current folder."""
    path = Path(name).absolute()
    path.write_text(text)
    return path


def test_no_file_means_the_defaults() -> None:
    """Without a file the defaults apply, with a note."""
    assert config_file(NOT_GIVEN).load() == Config()
    assert str(config_file(NOT_GIVEN)) == "no file, all defaults"


def test_file_that_is_given_is_used_whatever_else_exists(tmp_path: Path) -> None:
    """A file given explicitly is used without a note."""
    write("config.yaml", "node: here")
    given = write("given.yaml", "node: given")
    assert config_file(argparse.Namespace(config=given)) == (given, "")
    missing = tmp_path / "missing.yaml"
    with pytest.raises(ConfigError, match=r"missing\.yaml: No such file"):
        config_file(argparse.Namespace(config=missing)).load()


@pytest.mark.parametrize("name", ["config.yaml", "../etc/config.yaml"])
def test_only_file_is_used(name: str) -> None:
    """A file in either place is used, by its absolute path."""
    write(name, "node: kitchen")
    file = config_file(NOT_GIVEN)
    assert file.load().node == "kitchen"
    assert file.note == ""
    assert str(file).endswith("/config.yaml")


def test_file_of_this_folder_comes_first_and_names_the_other(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """The note about the other file is logged too."""
    here = write("config.yaml", "node: here")
    system = write("../etc/config.yaml", "node: system")
    caplog.set_level(logging.INFO)
    file = config_file(NOT_GIVEN)
    assert file.load().node == "here"
    assert str(file) == f"{here} ({tmp_path / 'etc' / 'config.yaml'} is not used)"
    assert caplog.messages == [f"config: {file}"]
    assert system.exists()


def test_defaults_of_a_checkout_do_not_hide_the_installed_config(tmp_path: Path) -> None:
    """The repository's own config.yaml is ignored in favour of /etc/edged."""
    here = write("config.yaml", (REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
    write("../etc/config.yaml", "node: system")
    file = config_file(NOT_GIVEN)
    assert file.load().node == "system"
    assert str(file) == f"{tmp_path / 'etc' / 'config.yaml'} ({here} changes no default and is not used)"


def test_wrong_file_of_this_folder_is_not_passed_over() -> None:
    """A faulty file is reported, not skipped."""
    write("config.yaml", "nod: here")
    write("../etc/config.yaml", "node: system")
    with pytest.raises(ConfigError, match="nod is not a key"):
        config_file(NOT_GIVEN).load()
