"""Config to the bundle that it names, and what the config says of labels held against the bundle's.

Config ──► Bundle, or ModelError; a label that the bundle lacks: ConfigError
"""

import argparse
from pathlib import Path

from edged.cli.config_file import config_from
from edged.cli.log import log_to_stderr
from edged.config.priors import prior_distribution
from edged.config.structs import Config
from edged.errors import ConfigError
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle


def prepared(arguments: argparse.Namespace) -> tuple[Config, Bundle]:
    """The config of a command and its bundle, once the log has the config's level."""
    config = config_from(arguments)
    log_to_stderr(config.log_level)
    bundle = bundle_of(config)
    return fitting(config, bundle), bundle


def fitting(config: Config, bundle: Bundle) -> Config:
    """``config``, where it says nothing of labels that ``bundle`` does not have; else a ``ConfigError``."""
    labels = bundle.manifest.labels
    prior_distribution(config.baseline.expected, labels)
    if unknown := sorted(config.tracker.enter_for.keys() - set(labels)):
        raise ConfigError(
            f"tracker.enter_for names {', '.join(unknown)}, expected labels of the bundle: {list(labels)}"
        )
    return config


def bundle_of(config: Config) -> Bundle:
    """The bundle that ``config`` names."""
    bundle = config.models.bundle
    return load_bundle(DEFAULT_BUNDLE if bundle == "default" else Path(bundle))
