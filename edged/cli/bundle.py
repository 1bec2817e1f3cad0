"""Loads the bundle that the config names or that fits this device, and checks the config's labels against it.

Config ──► Bundle, or ModelError; ConfigError for a label that the bundle does not have
"""

import logging
from typing import NamedTuple

from edged.cli.config_file import ConfigFile
from edged.cli.log import log_to_stderr
from edged.config.priors import prior_distribution
from edged.config.structs import Config
from edged.errors import ConfigError, counted
from edged.models.bundle import Bundle, load_bundle
from edged.pipeline.bundles.choice import choice_for, of_recordings

_log = logging.getLogger(__name__)


class Chosen(NamedTuple):
    """A bundle, and why ``auto`` chose it: words to append, none for a bundle that the config names."""

    bundle: Bundle
    why: str = ""

    def __str__(self) -> str:
        """Its name, what it consists of, and the reason."""
        manifest = self.bundle.manifest
        trunk = "a trunk and " if manifest.trunk else ""
        return f"{self.bundle.title}, {trunk}{counted(len(manifest.models), 'model')}{self.why}"


def prepared(file: ConfigFile, *, keep: bool = False, of_calls: bool = False) -> tuple[Config, Bundle]:
    """Load config and bundle, and set the log level; ``keep`` what is measured to choose the bundle.

    ``of_calls`` takes the bundle for recorded calls.
    """
    config = file.load()
    log_to_stderr(config.log_level)
    bundle = bundle_of(of_recordings(config) if of_calls else config, keep=keep)
    return _fitting_file(file, config, bundle, of_calls=of_calls), bundle


def loaded(file: ConfigFile, bundle: Bundle) -> Config:
    """The config of ``file``; raises ``ConfigError``, which names the file, also for labels that ``bundle`` lacks."""
    return _fitting_file(file, file.load(), bundle)


def fitting(config: Config, bundle: Bundle, *, of_calls: bool = False) -> Config:
    """``config`` itself; raises ``ConfigError`` if it names labels that ``bundle`` does not have.

    ``bundle`` scores calls if it is that ``of_calls``, or with ``calls.live``.
    """
    labels = bundle.manifest.labels
    prior_distribution(config.baseline.expected, labels)
    if unknown := sorted(config.tracker.enter_for.keys() - set(labels)):
        raise ConfigError(
            f"tracker.enter_for names {', '.join(unknown)}, expected labels of the bundle: {list(labels)}"
        )
    if of_calls or config.calls.live == "on":
        from edged.calls.settings import rules  # noqa: PLC0415 -- a device without calls need not load it

        rules(config.calls, labels)
    return config


def _fitting_file(file: ConfigFile, config: Config, bundle: Bundle, *, of_calls: bool = False) -> Config:
    try:
        return fitting(config, bundle, of_calls=of_calls)
    except ConfigError as exc:
        raise ConfigError(f"{file.path}: {exc}") from exc


def bundle_of(config: Config, *, keep: bool = False) -> Bundle:
    """Load the bundle that ``config`` names, or that is chosen for this device; ``keep`` what is measured for that."""
    return chosen(config, keep=keep).bundle


def chosen(config: Config, *, keep: bool = False) -> Chosen:
    """The same with the reason, from one measurement."""
    choice = choice_for(config, keep=keep)
    if config.models.bundle != "auto":
        return Chosen(load_bundle(choice.path))
    _log.info("bundle %s: %s", choice.path.name, choice.reason)
    return Chosen(load_bundle(choice.path), f"; {choice.reason}")
