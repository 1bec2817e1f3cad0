"""Invalid configs: one key as YAML, and the one-line error for it."""

import pytest

from edged.config.load import parse_config
from edged.errors import ConfigError


def written(key: str, value: str) -> str:
    """``a.b: value`` as YAML."""
    section, _, name = key.rpartition(".")
    return f"{section}:\n  {name}: {value}\n" if section else f"{name}: {value}\n"


def refusal(text: str) -> str:
    """Error message for the config ``text``."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "config.yaml")
    message = str(caught.value)
    assert caught.value.exit_status == 78
    assert len(message.splitlines()) == 1
    assert message.startswith("config.yaml: ")
    assert len(message) < 250
    return message
