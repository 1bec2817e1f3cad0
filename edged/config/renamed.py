"""Former config keys to their current names, so that an update stops no device; former values are refused by name.

{"gate": {"least_dbfs": -50}} ──► {"gate": {"min_dbfs": -50}}, and a warning in the log for each key
"""

import logging
from typing import Any

from edged.errors import ConfigError

# By section: the former name and the current one.
RENAMED = {
    "gate": {"least_dbfs": "min_dbfs", "least_speech_s": "min_speech_s"},
    "tracker": {"least_speech": "min_speech"},
}

# By section, key and former value: the current one.
_RENAMED_VALUES = {("models", "bundle", "default"): "small"}

# By section, key and former value: what to use instead.
_REMOVED = {
    ("tracker", "smoothing", "exponential"): "use bayesian (the default), or majority for the most frequent label",
}

_log = logging.getLogger(__name__)


def with_new_names(values: dict[Any, Any], name: str) -> dict[Any, Any]:
    """``values`` of a config file with every key under its current name; ``name`` stands for the file in messages.

    Raises:
        ConfigError: a key is given under both of its names, or has a value that was removed.
    """
    for (section, key, removed), instead in _REMOVED.items():
        if isinstance(values.get(section), dict) and values[section].get(key) == removed:
            raise ConfigError(f"{name}: {section}.{key} is {removed!r}, which edged no longer has: {instead}")
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
    for (section, key, former), new in _RENAMED_VALUES.items():
        given = sections.get(section)
        if isinstance(given, dict) and given.get(key) == former:
            sections[section] = {**given, key: new}
            _log.warning("%s: %s.%s: %s is now called %s; please rename it", name, section, key, former, new)
    return sections
