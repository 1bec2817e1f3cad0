"""``edged acl --hub``: an access list for mosquitto that limits a hub to what its places need.

places, inputs, actions of the config ──► user edged / topic read edged/kitchen-mic/emotion / topic write edged/place/…

It covers every place whatever ``hub.part`` is, so that hubs that divide the places, and ``edged mcp`` with the same
config, may share a user.
"""

from collections.abc import Iterator

from edged.config.hub.presets import complete
from edged.config.structs import Config
from edged.contract.topics import AGENT, AVAILABILITY, CHECK, HUB, INFO, MOOD, MOOD_EVENT, full_name, place_topic
from edged.errors import UsageError, shown
from edged.homeassistant.discovery import filters
from edged.homeassistant.place_entities import PlaceDevice
from edged.hub.voice import TOPICS as VOICE_TOPICS

_READ, _WRITE, _BOTH = "read", "write", "readwrite"


def hub_rules(config: Config, name: str) -> Iterator[tuple[str, str]]:
    """Access and topic of every rule of the hub ``name``, each topic once.

    Raises:
        UsageError: a topic of the config would be another one in mosquitto's file.
    """
    access: dict[str, str] = {}
    for kind, topic in _wanted(config, name):
        access[topic] = kind if access.get(topic, kind) == kind else _BOTH
    for topic, kind in access.items():
        if not topic.isprintable() or topic != topic.strip():
            raise UsageError(f"topic is {shown(topic)}, expected printable characters without spaces around them")
        yield kind, topic


def _wanted(config: Config, name: str) -> Iterator[tuple[str, str]]:
    hub, root = config.hub, config.mqtt.root
    yield _BOTH, full_name(root, name, CHECK)
    yield _BOTH, full_name(root, name, INFO)  # another hub of the same name shows itself there
    yield _BOTH, full_name(root, name, AVAILABILITY)  # `edged mcp` reads it
    yield _WRITE, HUB.name.replace("<hub>", f"{root}/{name}")
    for place, settings in hub.places.items():
        for node in settings.voice:
            yield from ((_READ, full_name(root, node, topic)) for topic in VOICE_TOPICS)
        yield from ((_READ, complete(one).topic) for one in settings.inputs)
        for topic in (MOOD, MOOD_EVENT, AGENT):
            if topic is not AGENT or hub.agent is not None:
                yield _BOTH if topic is not AGENT else _WRITE, place_topic(place, topic, root).name.removeprefix("/")
    if hub.agent is not None:
        yield from ((_WRITE, action.topic) for action in hub.actions.values() if action.topic)
    yield from _discovery(config, name)


def _discovery(config: Config, name: str) -> Iterator[tuple[str, str]]:
    if config.homeassistant.discovery == "off":
        return
    prefix = config.homeassistant.prefix
    for place in config.hub.places:
        device = PlaceDevice(place=place, hub=name, labels=(), version="", root=config.mqtt.root)
        yield from ((_BOTH, topic_filter) for topic_filter in filters(device.identifier, prefix))
    yield _READ, f"{prefix}/status"
