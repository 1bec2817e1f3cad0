"""Arguments to the config: the file that is named, else the first that is there, else the defaults.

--config FILE, ./config.yaml, /etc/edged/config.yaml ──► Config
"""

import argparse
from pathlib import Path

from edged.config.load import load_config
from edged.config.structs import Config

PLACES = (Path("config.yaml"), Path("/etc/edged/config.yaml"))  # where the config is looked for, in this order


def config_name(arguments: argparse.Namespace) -> str:
    """What the config comes from, in words."""
    place = config_path(arguments)
    return "the defaults, no config file" if place is None else str(place)


def config_from(arguments: argparse.Namespace) -> Config:
    """The config of a command."""
    place = config_path(arguments)
    return Config() if place is None else load_config(place)


def config_path(arguments: argparse.Namespace) -> Path | None:
    """The file that holds the config of a command; None where there is none."""
    given: Path | None = arguments.config
    return given or next((place for place in PLACES if _is_there(place)), None)


def _is_there(place: Path) -> bool:
    try:
        return place.is_file()
    except PermissionError:
        # By `sudo -u edged` in a folder that is closed to that user; a closed /etc/edged is a fault, to be named.
        return place.is_absolute()
