"""Config keys under their former names to the names of today, so that an update stops no device.

{"gate": {"least_dbfs": -50}} ──► {"gate": {"min_dbfs": -50}}, one warning in the log a key
"""

import logging
from typing import Any

from edged.errors import ConfigError

# By section: the former name and the one of today.
RENAMED = {
    "gate": {"least_dbfs": "min_dbfs", "least_speech_s": "min_speech_s"},
    "tracker": {"least_speech": "min_speech"},
}

_log = logging.getLogger(__name__)


def with_new_names(values: dict[Any, Any], name: str) -> dict[Any, Any]:
    """``values`` of a config file with every key under its name of today; ``name`` stands for the file in messages.

    Raises:
        ConfigError: a key is given under both of its names.
    """
    sections = dict(values)
    for section, renamed in RENAMED.items():
        given = sections.get(section)
        if not isinstance(given, dict):
            continue
        for former in [key for key in renamed if key in given]:
            new = renamed[former]
            if new in given:
                raise ConfigError(f"{name}: {section}.{former} and {section}.{new} are both given, expected the latter")
            given = {new if key == former else key: value for key, value in given.items()}
            _log.warning("%s: %s.%s is now called %s.%s; please rename it", name, section, former, section, new)
        sections[section] = given
    return sections
