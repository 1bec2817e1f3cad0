"""The config, read again while the daemon runs: live keys take effect at once, the others need a restart.

    SIGHUP ──asked──► load() ──► the old config with the live keys of the new one ──Overrides──► the config in force

A key is live if its stage can change it between two windows.  The others were used to open a connection, a device, the
models.  A faulty config is refused as a whole, and the old one stays in force.  Settings made by command override the
new config too.  One log line says all this.
"""

import logging
from collections.abc import Callable

import msgspec

from edged.config.overrides import Overrides
from edged.config.structs import Config
from edged.errors import ConfigError
from edged.host.process.flag import Flag

# Sections and keys of the config's top level.
LIVE = frozenset({"gate", "baseline", "tracker", "health_s", "log_level"})
_FIXED = "gate.kind"  # not live in a live section: models are loaded at the start
_LIVE_WITHIN = "audio.muted"  # live in a section that is not

_log = logging.getLogger(__name__)


class Reload:
    """The config in force, and how to read it again; a signal handler sets ``asked``."""

    def __init__(
        self,
        config: Config,
        load: Callable[[], Config],
        overrides: Overrides | None = None,
        on_change: Callable[[Config], None] = lambda _config: None,
    ) -> None:
        """``load`` reads the file of ``config`` or raises ``ConfigError``; ``on_change`` gets each new one."""
        self.asked = Flag()
        self.summary = ""  # of the last reload, in words
        self.refused = False  # the last reload met a faulty config
        self.waiting: tuple[str, ...] = ()  # keys changed in the file that wait for a restart
        self._config = config
        self._load = load
        self._overrides = overrides
        self._on_change = on_change

    @property
    def in_force(self) -> Config:
        """The current config, overridden by settings made by command."""
        return self._config if self._overrides is None else self._overrides.applied_to(self._config)

    def config(self) -> Config:
        """Reads the config again and logs the outcome; the config in force from now on."""
        self.asked.clear()  # first: a signal that comes while the file is read asks for one more reading
        try:
            new = self._load()
        except ConfigError as exc:
            self.summary, self.refused = f"config refused, the old one stays in force: {exc}", True
            _log.error("%s", self.summary)
            return self.in_force
        live, waiting = [], []
        for key, old_value, new_value in changes(self._config, new):
            if key == _LIVE_WITHIN or (key.split(".")[0] in LIVE and key != _FIXED):
                live.append(f"{key} {old_value} -> {new_value}")
            else:
                waiting.append(key)
        self.waiting = tuple(waiting)
        live_values = {key: getattr(new, key) for key in LIVE}
        live_values["gate"] = msgspec.structs.replace(new.gate, kind=self._config.gate.kind)
        live_values["audio"] = msgspec.structs.replace(self._config.audio, muted=new.audio.muted)
        self._config = msgspec.structs.replace(self._config, **live_values)
        parts = [", ".join(live) if live else "nothing changed"]
        if waiting:
            parts.append(f"needs a restart: {', '.join(waiting)}")
        if self._overrides is not None:
            if fault := self._overrides.drop_redundant_mute(self._config):
                parts.append(f"not saved for the next start: {fault}")
            if self._overrides.keys:
                parts.append(f"set by command and still in force: {', '.join(self._overrides.keys)}")
        self.summary, self.refused = f"config read again: {'; '.join(parts)}", False
        config = self.in_force
        logging.getLogger().setLevel(config.log_level.upper())
        _log.log(logging.WARNING if waiting else logging.INFO, "%s", self.summary)
        self._on_change(config)
        return config


def changes(old: msgspec.Struct, new: msgspec.Struct, above: str = "") -> list[tuple[str, object, object]]:
    """Every key whose value differs, as (``section.key``, old, new)."""
    found: list[tuple[str, object, object]] = []
    for name in old.__struct_fields__:
        old_value, new_value = getattr(old, name), getattr(new, name)
        if isinstance(old_value, msgspec.Struct):
            found += changes(old_value, new_value, f"{above}{name}.")
        elif old_value != new_value:
            found.append((above + name, old_value, new_value))
    return found
