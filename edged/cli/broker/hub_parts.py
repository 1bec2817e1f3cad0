"""A config to the parts of a hub: routes, discovery of its places, agent.

Config ──► Routes, with the text model if there are words; PlaceAnnouncer; MoodListener of hub.agent
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edged.config.hub.presets import complete
from edged.config.hub.structs import Place
from edged.config.structs import Config
from edged.errors import UsageError
from edged.homeassistant.discovery import Announcement, Kind, announcement
from edged.homeassistant.place_announcer import PlaceAnnouncer
from edged.homeassistant.place_entities import PlaceDevice
from edged.host.metrics import version_of
from edged.hub.linear_text import load_text_scorer
from edged.hub.routes import Routes, my_places
from edged.mqtt.publisher import Publisher

if TYPE_CHECKING:
    from edged.hub.interfaces import MoodListener


def announcer_for(config: Config, name: str) -> PlaceAnnouncer | None:
    """Publishes the discovery of the places of ``config``; None if discovery is off."""
    if config.homeassistant.discovery == "off":
        return None
    return PlaceAnnouncer(config.homeassistant.prefix, announcements_for(config, name))


def announcements_for(config: Config, name: str) -> dict[str, Announcement]:
    """The discovery of this part's places by identifier; ``name`` is the hub's.  None of them if discovery is off."""
    return {} if config.homeassistant.discovery == "off" else place_announcements(config, name, my_places(config.hub))


def place_announcements(config: Config, name: str, places: Mapping[str, Place]) -> dict[str, Announcement]:
    """The discovery of ``places`` by identifier; if discovery is off, what the hub ``name`` would publish."""
    kind: Kind = "component" if config.homeassistant.discovery == "component" else "device"
    devices = [
        PlaceDevice(
            place=place,
            hub=name,
            labels=tuple(config.hub.labels),
            version=version_of("edged"),
            root=config.mqtt.root,
            suggested_area=settings.area,
        )
        for place, settings in places.items()
    ]
    return {one.identifier: announcement(one, kind, config.homeassistant.prefix) for one in devices}


def routes_for(config: Config) -> Routes:
    """The routes of ``config``, with the text model if a place has a text input.

    Raises:
        ModelError: the text model is damaged.
    """
    inputs = [complete(one) for place in my_places(config.hub).values() for one in place.inputs]
    scorer = load_text_scorer() if any(one.kind == "text" for one in inputs) else None
    return Routes(config.hub, config.mqtt.root, scorer)


def agent_for(config: Config, publisher: Publisher) -> "MoodListener | None":
    """The agent of ``config``, if it has one; its actions go out through ``publisher``.

    Raises:
        UsageError: the extra agent is not installed.
        ConfigError: a file with a key or token cannot be used.
    """
    if config.hub.agent is None:
        return None
    try:
        from edged.hub.agent import agent  # noqa: PLC0415 -- an extra, and slow to import
    except ImportError as exc:
        raise UsageError(f"{exc}: expected the extra agent beside hub.agent: pip install 'edged[agent]'") from exc
    return agent.agent_for(config.hub.agent, config.hub.actions, config.mqtt.root, publisher)
