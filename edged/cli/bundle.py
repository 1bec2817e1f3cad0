"""Loads the bundle that the config names, and checks the config's labels against it.

Config ──► Bundle, or ModelError; ConfigError for a label that the bundle does not have
"""

from pathlib import Path

from edged.cli.config_file import ConfigFile
from edged.cli.log import log_to_stderr
from edged.config.priors import prior_distribution
from edged.config.structs import Config
from edged.errors import ConfigError
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle


def prepared(file: ConfigFile) -> tuple[Config, Bundle]:
    """Load config and bundle, and set the log level."""
    config = file.load()
    log_to_stderr(config.log_level)
    bundle = bundle_of(config)
    return _fitting_file(file, config, bundle), bundle


def loaded(file: ConfigFile, bundle: Bundle) -> Config:
    """The config of ``file``; raises ``ConfigError``, which names the file, also for labels that ``bundle`` lacks."""
    return _fitting_file(file, file.load(), bundle)


def fitting(config: Config, bundle: Bundle) -> Config:
    """``config`` itself; raises ``ConfigError`` if it names labels that ``bundle`` does not have."""
    labels = bundle.manifest.labels
    prior_distribution(config.baseline.expected, labels)
    if unknown := sorted(config.tracker.enter_for.keys() - set(labels)):
        raise ConfigError(
            f"tracker.enter_for names {', '.join(unknown)}, expected labels of the bundle: {list(labels)}"
        )
    return config


def _fitting_file(file: ConfigFile, config: Config, bundle: Bundle) -> Config:
    try:
        return fitting(config, bundle)
    except ConfigError as exc:
        raise ConfigError(f"{file.path}: {exc}") from exc


def bundle_of(config: Config) -> Bundle:
    """Load the bundle that ``config`` names."""
    bundle = config.models.bundle
    return load_bundle(DEFAULT_BUNDLE if bundle == "default" else Path(bundle))
