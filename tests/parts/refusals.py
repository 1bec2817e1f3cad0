"""Configs that are refused: one key as YAML, and the one line that says what is wrong with it."""

import pytest

from edged.config.load import parse_config
from edged.errors import ConfigError


def written(key: str, value: str) -> str:
    """``a.b: value`` as YAML."""
    section, _, name = key.rpartition(".")
    return f"{section}:\n  {name}: {value}\n" if section else f"{name}: {value}\n"


def refusal(text: str) -> str:
    """The message with which ``text`` is refused."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "config.yaml")
    message = str(caught.value)
    assert caught.value.exit_status == 78
    assert len(message.splitlines()) == 1
    assert message.startswith("config.yaml: ")
    assert len(message) < 250
    return message
