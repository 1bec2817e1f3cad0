"""Former names of config keys: accepted, logged, and refused next to the new ones."""

import logging

import msgspec
import pytest

from edged.config.load import parse_config
from edged.config.renamed import RENAMED
from edged.config.structs import Config
from edged.errors import ConfigError


@pytest.mark.parametrize(
    ("section", "former", "new"), [(section, *pair) for section, renamed in RENAMED.items() for pair in renamed.items()]
)
def test_former_name_sets_the_key(section: str, former: str, new: str, caplog: pytest.LogCaptureFixture) -> None:
    """An old config still works, and the log gives the new name once."""
    value = getattr(getattr(Config(), section), new) / 2
    config = parse_config(f"{section}: {{{former}: {value}}}", "config.yaml")
    assert getattr(getattr(config, section), new) == value
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, f"config.yaml: {section}.{former} is now called {section}.{new}; please rename it")
    ]
    assert new in {field.name for field in msgspec.structs.fields(type(getattr(Config(), section)))}


def test_both_names_are_refused() -> None:
    """It is unclear which of the two counts."""
    with pytest.raises(ConfigError, match=r"^c: gate.least_dbfs and gate.min_dbfs are both given, expected the latter"):
        parse_config("gate: {least_dbfs: -50, min_dbfs: -60}", "c")


def test_removed_value_names_the_alternatives() -> None:
    """A removed value is refused with the values that replace it."""
    words = (
        r"^c: tracker.smoothing is 'exponential', which edged no longer has: use bayesian \(the default\), or majority"
    )
    with pytest.raises(ConfigError, match=words):
        parse_config("tracker: {smoothing: exponential}", "c")


def test_section_of_another_kind_is_left_to_the_validation() -> None:
    """A section that is no mapping is reported as such."""
    with pytest.raises(ConfigError, match=r"^c: gate is 3"):
        parse_config("gate: 3", "c")


def test_former_value_has_a_new_name(caplog: pytest.LogCaptureFixture) -> None:
    """``default`` is the bundle that is now called ``small``; the log says so once."""
    assert parse_config("models: {bundle: default}", "test").models.bundle == "small"
    assert "test: models.bundle: default is now called small; please rename it" in caplog.text
