"""The Home Assistant entities of a place, which the hub publishes the mood of.

    labels, root, hub ──► {"sensor_mood": {"platform": "sensor", "state_topic": …}, …}

They are available while the hub is.  As with a device's entities, every template turns every payload into text.
"""

from typing import Any

import msgspec

from edged.contract import topics
from edged.contract.mood import NONE, UNCERTAIN
from edged.homeassistant.entity import Entity, slug

_MAX_STATE = 250  # characters; Home Assistant refuses a state of more than 255


class PlaceDevice(msgspec.Struct, frozen=True, kw_only=True):
    """Identity of a place, as far as its entities depend on it."""

    place: str
    hub: str  # the hub's name
    labels: tuple[str, ...]
    version: str  # of edged
    root: str = "edged"
    suggested_area: str = ""

    @property
    def identifier(self) -> str:
        """Id in Home Assistant; it names no machine, so a place may move to another hub and stay the same device."""
        return f"{self.root.replace('/', '-')}_place_{self.place}"


def place_entities(device: PlaceDevice) -> dict[str, Entity]:
    """The config of each entity, including ``platform``, by an id that never changes."""
    mood, event = _topic(device, topics.MOOD), _topic(device, topics.MOOD_EVENT)
    found = [
        _entity(
            *(device, "event", "Mood"),
            state_topic=event,
            event_types=[*device.labels, UNCERTAIN, NONE],
            # A late event must not trigger automations; Home Assistant ignores an empty text.
            value_template="{{ '' if value_json.replayed else value }}",
            icon="mdi:account-heart",
        ),
        _entity(
            *(device, "sensor", "Mood"),
            state_topic=mood,
            value_template="{{ value_json.emotion }}",
            device_class="enum",
            options=[*device.labels, UNCERTAIN, NONE],
            json_attributes_topic=mood,
            json_attributes_template="{{ {'since': value_json.since, 'sources': value_json.sources,"
            " 'agreement': value_json.agreement, 'sentence': value_json.sentence} | tojson }}",
            icon="mdi:emoticon-outline",
        ),
        _entity(
            *(device, "sensor", "Confidence"),
            state_topic=mood,
            value_template="{{ ((value_json.confidence or 0) * 100) | round(1) }}",
            unit_of_measurement="%",
            state_class="measurement",
            suggested_display_precision=0,
            icon="mdi:gauge",
        ),
        _entity(
            *(device, "sensor", "Agreement"),
            state_topic=mood,
            # With one source there is no agreement; an empty text leaves the sensor as it was.
            value_template="{{ '' if value_json.agreement is none else (value_json.agreement * 100) | round(1) }}",
            unit_of_measurement="%",
            state_class="measurement",
            suggested_display_precision=0,
            entity_category="diagnostic",
            icon="mdi:account-group",
        ),
        _entity(
            *(device, "sensor", "Summary"),
            state_topic=mood,
            value_template=f"{{{{ value_json.sentence[:{_MAX_STATE}] }}}}",
            icon="mdi:text",
        ),
    ]
    return {f"{entity['platform']}_{slug(entity['name'])}": entity for entity in found}


def _entity(device: PlaceDevice, platform: str, name: str, **config: Any) -> Entity:  # noqa: ANN401 -- JSON
    return {
        "platform": platform,
        "name": name,
        "unique_id": f"{device.identifier}_{platform}_{slug(name)}",
        "default_entity_id": f"{platform}.{slug(f'{device.place} {name}')}",
        "availability": [{"topic": topics.full_name(device.root, device.hub, topics.AVAILABILITY)}],
        "availability_mode": "all",
        "qos": 1,
        **config,
    }


def _topic(device: PlaceDevice, topic: topics.Topic) -> str:
    return topics.place_topic(device.place, topic, device.root).name.removeprefix("/")
