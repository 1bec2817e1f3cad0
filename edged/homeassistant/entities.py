"""The Home Assistant entities of this device: what each reads, writes and depends on.

    labels, root, health_s, commands ──► {"sensor_emotion": {"platform": "sensor", "state_topic": …}, …}

The keys are those of Home Assistant's ``components/mqtt``; a release ignores the ones that it does not know.  Every
template turns every payload of the contract into text, because None would make its entity unknown.

Entities about sound are available while the node and its capture are online, so not without a microphone and not while
muted.  Metrics and settings need only the node; otherwise a muted device could not be unmuted.
"""

import re
from typing import Any, Literal

import msgspec

from edged.contract import topics
from edged.contract.commands import READ_ONLY

_LEVEL_S = 60  # longest time between two `level` messages
_MAX_STATE = 255  # characters of a state in Home Assistant
_EXPIRES = 3  # periods without a message after which a metric expires

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


def entities(device: Device) -> dict[str, Entity]:
    """The config of each entity, including ``platform``, by an id that never changes."""
    entities = (*_sound(device), *_calls(device), *_metrics(device), *_settings(device))
    return {_key(entity): entity for entity in entities}


def _sound(device: Device) -> list[Entity]:
    """Entities about sound, and about the microphone itself."""
    node, labels = _available(device, topics.AVAILABILITY), list(device.labels)
    # Home Assistant knows only `online` and `offline`, and would ignore `stalled` and `muted`.
    capture = _available(device, topics.CAPTURE, "{{ 'online' if value == 'online' else 'offline' }}")
    listening = _available(device, topics.INFO, "{{ 'online' if value_json.listening else 'offline' }}")
    emotion = _topic(device, topics.EMOTION)
    return [
        _entity(
            *(device, "event", "Emotion", [node, capture]),
            state_topic=_topic(device, topics.EVENT_START),
            event_types=labels,
            # A late event must not trigger automations; Home Assistant ignores an empty text.
            value_template="{{ '' if value_json.replayed else value }}",
            icon="mdi:account-voice",
        ),
        _entity(
            *(device, "sensor", "Emotion", [node, capture]),
            state_topic=emotion,
            value_template="{{ value_json.emotion }}",
            device_class="enum",
            options=[*labels, "uncertain", "none"],
            json_attributes_topic=emotion,
            json_attributes_template="{{ {'since': value_json.since, 'probability': value_json.get('probability'),"
            " 'arousal': value_json.arousal, 'valence': value_json.valence} | tojson }}",
            icon="mdi:emoticon-outline",
        ),
        _entity(
            *(device, "sensor", "Confidence", [node, capture]),
            state_topic=emotion,
            value_template="{{ ((value_json.confidence or 0) * 100) | round(1) }}",
            unit_of_measurement="%",
            suggested_display_precision=0,
            icon="mdi:gauge",
        ),
        _entity(
            *(device, "binary_sensor", "Speech", [node, capture]),
            state_topic=_topic(device, topics.SPEECH),
            device_class="sound",
        ),
        _entity(
            *(device, "binary_sensor", "Microphone", [node, listening]),
            state_topic=_topic(device, topics.CAPTURE),
            value_template="{{ 'OFF' if value == 'online' else 'ON' }}",
            device_class="problem",
            entity_category="diagnostic",
        ),
        _entity(
            *(device, "sensor", "Level", [node, capture]),
            state_topic=_topic(device, topics.LEVEL),
            value_template="{{ value_json.level_dbfs }}",
            unit_of_measurement="dBFS",
            state_class="measurement",
            entity_category="diagnostic",
            enabled_by_default=False,
            expire_after=_EXPIRES * _LEVEL_S,
            icon="mdi:waveform",
        ),
    ]


def _calls(device: Device) -> list[Entity]:
    """The score of the running or the last call, where calls are scored."""
    if not device.calls:
        return []
    call = _topic(device, topics.CALL)
    return [
        _entity(
            *(device, "sensor", "Call score", [_available(device, topics.AVAILABILITY)]),
            state_topic=call,
            # Without a score the sensor stays as it is: an empty text leaves it unchanged.
            value_template="{{ value_json.score if value_json.score is not none else '' }}",
            state_class="measurement",
            suggested_display_precision=1,
            json_attributes_topic=call,
            json_attributes_template="{{ {'active': value_json.active, 'trend': value_json.trend,"
            " 'distress': value_json.distress, 'reason': value_json.reason} | tojson }}",
            icon="mdi:phone-in-talk",
        )
    ]


def _metrics(device: Device) -> list[Entity]:
    """Metrics from `health`."""
    common: Entity = {
        "state_topic": _topic(device, topics.HEALTH),
        "entity_category": "diagnostic",
        "expire_after": _EXPIRES * device.health_s,
    }
    node = _available(device, topics.AVAILABILITY)
    return [
        _entity(
            *(device, "sensor", "Latency", [node]),
            # Without events there is no latency; an empty text leaves the sensor unchanged.
            value_template="{{ value_json.outbox.latency_p95_s if value_json.outbox"
            " and value_json.outbox.latency_p95_s is not none else '' }}",
            device_class="duration",
            unit_of_measurement="s",
            state_class="measurement",
            suggested_display_precision=2,
            **common,
        ),
        _entity(
            *(device, "sensor", "Skipped windows", [node]),
            value_template="{{ value_json.windows_skipped }}",
            state_class="total_increasing",
            icon="mdi:debug-step-over",
            **common,
        ),
        _entity(
            *(device, "sensor", "Outbox depth", [node]),
            value_template="{{ value_json.outbox.depth if value_json.outbox else 0 }}",
            state_class="measurement",
            icon="mdi:tray-full",
            **common,
        ),
    ]


def _settings(device: Device) -> list[Entity]:
    """Settings and actions, as far as the device obeys commands."""
    info = _topic(device, topics.INFO)
    node = _available(device, topics.AVAILABILITY)
    by_command: dict[str, list[Entity]] = {
        "mute": [
            _entity(
                *(device, "switch", "Listening", [node]),
                command_topic=_command(device, "mute"),
                payload_on="OFF",  # listening is not muted
                payload_off="ON",
                state_topic=info,
                value_template="{{ 'listening' if value_json.listening else 'mute' }}",
                state_on="listening",
                state_off="mute",
                icon="mdi:microphone",
            )
        ],
        "threshold": [
            _entity(
                *(device, "number", f"Threshold {label}", [node]),
                command_topic=_command(device, "threshold"),
                command_template=f'{{"label": "{label}", "enter": {{{{ value }}}}}}',
                state_topic=info,
                value_template=f"{{{{ value_json.thresholds['{label}'] }}}}",
                min=0,
                max=1,
                step=0.01,
                mode="slider",
                entity_category="config",
                icon="mdi:tune-vertical",
            )
            for label in device.labels
        ],
        "calibrate": _calibration(device, node) if device.calibrates else [],
        "restart": [
            _entity(
                *(device, "button", "Restart", [node]),
                command_topic=_command(device, "restart"),
                device_class="restart",
                entity_category="config",
            )
        ],
        "identify": [
            _entity(
                *(device, "button", "Identify", [node]),
                command_topic=_command(device, "identify"),
                device_class="identify",
                entity_category="diagnostic",
            )
        ],
    }
    obeyed = {"off": (), "read-only": READ_ONLY, "on": tuple(by_command)}[device.commands]
    return [entity for command, those in by_command.items() if command in obeyed for entity in those]


def _calibration(device: Device, node: Entity) -> list[Entity]:
    """Two buttons, and what came of pressing them, in words: first what to do, then what changed."""
    command = _command(device, "calibrate")
    return [
        _entity(
            *(device, "button", "Calibrate", [node]),
            command_topic=command,
            entity_category="config",
            icon="mdi:account-voice",
        ),
        _entity(
            *(device, "button", "Forget calibration", [node]),
            command_topic=command,
            payload_press="FORGET",
            entity_category="config",
            icon="mdi:account-voice-off",
        ),
        _entity(
            *(device, "sensor", "Calibration", [node]),
            state_topic=f"{command}/result",
            value_template=f"{{{{ value_json.message[:{_MAX_STATE}] }}}}",
            entity_category="diagnostic",
            icon="mdi:account-voice",
        ),
    ]


def _entity(device: Device, platform: str, name: str, availability: list[Entity], **config: Any) -> Entity:  # noqa: ANN401 -- JSON
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


def _key(entity: Entity) -> str:
    return f"{entity['platform']}_{slug(entity['name'])}"


def slug(name: str) -> str:
    """``name`` as Home Assistant makes an id of it."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _topic(device: Device, topic: topics.Topic) -> str:
    return topics.full_name(device.root, device.node, topic)


def _command(device: Device, name: str) -> str:
    return f"{device.root}/{device.node}/cmd/{name}"


def _available(device: Device, topic: topics.Topic, template: str = "") -> Entity:
    """An availability topic; ``online`` and ``offline`` are Home Assistant's defaults."""
    found = {"topic": _topic(device, topic)}
    return {**found, "value_template": template} if template else found
