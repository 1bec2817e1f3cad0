"""Finds the config of a command: the file given by --config, else one of the usual places, else the defaults.

    --config FILE, ./config.yaml, /etc/edged/config.yaml ──► ConfigFile ──load──► Config

In a checkout ./config.yaml lists all the defaults.  A file that changes none of them does not hide the config of an
installed service.
"""

import argparse
import logging
import os
from pathlib import Path
from typing import NamedTuple

from edged.config.load import load_config
from edged.config.structs import Config
from edged.errors import ConfigError

PLACES = (Path("config.yaml"), Path("/etc/edged/config.yaml"))  # in the order of precedence

_log = logging.getLogger(__name__)


class ConfigFile(NamedTuple):
    """Where the config comes from."""

    path: Path | None  # None: all defaults
    note: str = ""  # on another file that exists and is not used

    def load(self) -> Config:
        """Read and check it; raises ``ConfigError``."""
        return Config() if self.path is None else load_config(self.path)

    def __str__(self) -> str:
        """Its absolute path and the note."""
        name = "no file, all defaults" if self.path is None else str(self.path.absolute())
        return f"{name} ({self.note})" if self.note else name


def config_from(arguments: argparse.Namespace) -> Config:
    """The config of a command; raises ``ConfigError``."""
    return config_file(arguments).load()


def config_file(arguments: argparse.Namespace) -> ConfigFile:
    """The config file of a command; if it had to be chosen, the log says so."""
    given: Path | None = arguments.config
    if given is not None:
        return ConfigFile(given)
    file = _chosen([place for place in PLACES if _exists(place)])
    if file.note:
        _log.info("config: %s", file)
    return file


def _chosen(places: list[Path]) -> ConfigFile:
    if not places:
        return ConfigFile(None)
    first, others = places[0], [place for place in places[1:] if os.access(place, os.R_OK)]
    if not others:
        return ConfigFile(first)
    if _changes_no_default(first):
        return ConfigFile(others[0], f"{first.absolute()} changes no default and is not used")
    return ConfigFile(first, f"{others[0]} is not used")


def _changes_no_default(place: Path) -> bool:
    try:
        return load_config(place) == Config()
    except ConfigError:  # reported when it is loaded to be used
        return False


def _exists(place: Path) -> bool:
    try:
        return place.is_file()
    except PermissionError:
        # With `sudo -u edged` the current folder may be unreadable, which is fine; an unreadable /etc/edged is not.
        return place.is_absolute()
