"""Finds and loads the config of a command: the file given by --config, else the first that exists, else the defaults.

--config FILE, ./config.yaml, /etc/edged/config.yaml ──► Config
"""

import argparse
from pathlib import Path

from edged.config.load import load_config
from edged.config.structs import Config

PLACES = (Path("config.yaml"), Path("/etc/edged/config.yaml"))  # the first that exists is used


def config_name(arguments: argparse.Namespace) -> str:
    """Where the config comes from, in words."""
    place = config_path(arguments)
    return "no config file, all defaults" if place is None else str(place)


def config_from(arguments: argparse.Namespace) -> Config:
    """The config of a command."""
    place = config_path(arguments)
    return Config() if place is None else load_config(place)


def config_path(arguments: argparse.Namespace) -> Path | None:
    """The config file of a command; None if there is none."""
    given: Path | None = arguments.config
    return given or next((place for place in PLACES if _is_there(place)), None)


def _is_there(place: Path) -> bool:
    try:
        return place.is_file()
    except PermissionError:
        # With `sudo -u edged` the current folder may be unreadable, which is fine; an unreadable /etc/edged is not.
        return place.is_absolute()
