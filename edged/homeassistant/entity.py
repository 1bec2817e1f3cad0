"""One Home Assistant entity: its ids, where it is available, and the topics it reads and writes.

device, platform, name, settings ──► {"platform": "sensor", "unique_id": …, "availability": …, …}
"""

import re
from typing import Any, Literal

import msgspec

from edged.contract import topics

Obedience = Literal["off", "read-only", "on"]  # as mqtt.commands

Entity = dict[str, Any]


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """Identity and settings of the device, as far as its entities depend on them."""

    node: str
    device_id: str  # of the machine
    labels: tuple[str, ...]  # of the bundle, in its order
    version: str  # of edged
    root: str = "edged"
    health_s: int = 60
    commands: Obedience = "on"
    suggested_area: str = ""
    calibrates: bool = False  # the bundle adapts its features
    calls: bool = False  # calls are scored live

    @property
    def identifier(self) -> str:
        """Id in Home Assistant, and prefix of the entities' unique ids; letters, digits, ``_`` and ``-``."""
        return f"edged_{self.device_id}_{self.node}"


def entity(device: Device, platform: str, name: str, availability: list[Entity], **config: Any) -> Entity:  # noqa: ANN401 -- JSON
    """The config of an entity; ``config`` are the keys of its platform."""
    key = f"{platform}_{slug(name)}"
    return {
        "platform": platform,
        "name": name,
        "unique_id": f"{device.identifier}_{key}",
        # What Home Assistant derives from the names; stated here, so a later change there changes no id.
        "default_entity_id": f"{platform}.{slug(f'{device.node} {name}')}",
        "availability": availability,
        "availability_mode": "all",
        "qos": 1,
        **config,
    }


def key_of(config: Entity) -> str:
    """The id of an entity among those of its device; never changes."""
    return f"{config['platform']}_{slug(config['name'])}"


def slug(name: str) -> str:
    """``name`` as Home Assistant makes an id of it."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def topic_of(device: Device, topic: topics.Topic) -> str:
    """The topic of this device."""
    return topics.full_name(device.root, device.node, topic)


def command_topic(device: Device, name: str) -> str:
    """Where this device takes the command ``name``."""
    return f"{device.root}/{device.node}/cmd/{name}"


def available(device: Device, topic: topics.Topic, template: str = "") -> Entity:
    """An availability topic; ``online`` and ``offline`` are Home Assistant's defaults."""
    found = {"topic": topic_of(device, topic)}
    return {**found, "value_template": template} if template else found
