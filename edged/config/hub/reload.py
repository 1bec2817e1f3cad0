"""The config of a hub, read again: what takes effect at once, what needs a restart, in words.

    config in force, config of the file ──reread──► the config in force from now on, and what changed

Places, labels, agent, actions and part are live.  The name and the settings of the connection are not.  Keys that a hub
does not use are ignored, since it may share its file with a daemon.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from edged.config.reload import changes
from edged.config.structs import Config
from edged.errors import shown

LIVE = ("health_s", "log_level")  # of the config's top level
LIVE_OF_HUB = ("places", "labels", "agent", "actions", "part")
_FIXED = ("mqtt", "homeassistant")


class Reread(NamedTuple):
    """A config that was read again."""

    config: Config
    live: tuple[str, ...]  # changes in words
    waiting: tuple[str, ...]  # keys that need a restart

    @property
    def summary(self) -> str:
        """The outcome, in a line."""
        parts = [", ".join(self.live) or "nothing changed"]
        if self.waiting:
            parts.append(f"needs a restart: {', '.join(self.waiting)}")
        return f"config read again: {'; '.join(parts)}"


def reread(old: Config, new: Config) -> Reread:
    """``old`` with the live keys of ``new``."""
    hub = msgspec.structs.replace(old.hub, **{key: getattr(new.hub, key) for key in LIVE_OF_HUB})
    config = msgspec.structs.replace(old, hub=hub, **{key: getattr(new, key) for key in LIVE})
    return Reread(config, tuple(_live(old, config)), tuple(_waiting(config, new)))


def _live(old: Config, new: Config) -> Iterator[str]:
    for key in LIVE_OF_HUB:
        before, after = getattr(old.hub, key), getattr(new.hub, key)
        if isinstance(before, dict):
            yield from _of_names(f"hub.{key}", before, after)
        elif key == "agent" and before is not None and after is not None:
            yield from (f"{path} changed" for path, _, _ in changes(before, after, "hub.agent."))
        elif before != after:
            yield f"hub.{key} changed" if key == "agent" else f"hub.{key} {shown(before)} -> {shown(after)}"
    for key in LIVE:
        if getattr(old, key) != getattr(new, key):
            yield f"{key} {getattr(old, key)} -> {getattr(new, key)}"


def _of_names(section: str, old: dict[str, msgspec.Struct], new: dict[str, msgspec.Struct]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            yield f"{section}.{name} {'removed' if name in old else 'added'}"
            continue
        for path, before, after in changes(old[name], new[name], f"{section}.{name}."):
            yield f"{path} {before} -> {after}" if _is_number(before) and _is_number(after) else f"{path} changed"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _waiting(config: Config, new: Config) -> Iterator[str]:
    yield from (path for path, _, _ in changes(config.hub, new.hub, "hub."))  # what is not live
    for section in _FIXED:
        yield from (path for path, _, _ in changes(getattr(config, section), getattr(new, section), f"{section}."))
