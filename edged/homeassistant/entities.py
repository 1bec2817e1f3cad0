"""The Home Assistant entities of this device: what each reads, writes and depends on.

    labels, root, health_s, commands ──► {"sensor_emotion": {"platform": "sensor", "state_topic": …}, …}

The keys are those of Home Assistant's ``components/mqtt``; a release ignores the ones that it does not know.  Every
template turns every payload of the contract into text, because None would make its entity unknown.

Entities about sound are available while the node and its capture are online, so not without a microphone and not while
muted.  Metrics and settings need only the node; otherwise a muted device could not be unmuted.
"""

from edged.contract import topics
from edged.homeassistant.entity import Device, Entity, available, entity, key_of, topic_of
from edged.homeassistant.setting_entities import settings

_LEVEL_S = 60  # longest time between two `level` messages
_EXPIRES = 3  # periods without a message after which a metric expires


def entities(device: Device) -> dict[str, Entity]:
    """The config of each entity, including ``platform``, by an id that never changes."""
    found = (*_sound(device), *_calls(device), *_metrics(device), *settings(device))
    return {key_of(one): one for one in found}


def _sound(device: Device) -> list[Entity]:
    """Entities about sound, and about the microphone itself."""
    node, labels = available(device, topics.AVAILABILITY), list(device.labels)
    # Home Assistant knows only `online` and `offline`, and would ignore `stalled` and `muted`.
    capture = available(device, topics.CAPTURE, "{{ 'online' if value == 'online' else 'offline' }}")
    listening = available(device, topics.INFO, "{{ 'online' if value_json.listening else 'offline' }}")
    emotion = topic_of(device, topics.EMOTION)
    return [
        entity(
            *(device, "event", "Emotion", [node, capture]),
            state_topic=topic_of(device, topics.EVENT_START),
            event_types=labels,
            # A late event must not trigger automations; Home Assistant ignores an empty text.
            value_template="{{ '' if value_json.replayed else value }}",
            icon="mdi:account-voice",
        ),
        entity(
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
        entity(
            *(device, "sensor", "Confidence", [node, capture]),
            state_topic=emotion,
            value_template="{{ ((value_json.confidence or 0) * 100) | round(1) }}",
            unit_of_measurement="%",
            state_class="measurement",
            suggested_display_precision=0,
            icon="mdi:gauge",
        ),
        entity(
            *(device, "binary_sensor", "Speech", [node, capture]),
            state_topic=topic_of(device, topics.SPEECH),
            device_class="sound",
        ),
        entity(
            *(device, "binary_sensor", "Microphone", [node, listening]),
            state_topic=topic_of(device, topics.CAPTURE),
            value_template="{{ 'OFF' if value == 'online' else 'ON' }}",
            device_class="problem",
            entity_category="diagnostic",
        ),
        entity(
            *(device, "sensor", "Level", [node, capture]),
            state_topic=topic_of(device, topics.LEVEL),
            value_template="{{ value_json.level_dbfs }}",
            unit_of_measurement="dBFS",
            state_class="measurement",
            suggested_display_precision=0,
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
    call = topic_of(device, topics.CALL)
    return [
        entity(
            *(device, "sensor", "Call score", [available(device, topics.AVAILABILITY)]),
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
        "state_topic": topic_of(device, topics.HEALTH),
        "entity_category": "diagnostic",
        "expire_after": _EXPIRES * device.health_s,
    }
    node = available(device, topics.AVAILABILITY)
    return [
        entity(
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
        entity(
            *(device, "sensor", "Skipped windows", [node]),
            value_template="{{ value_json.windows_skipped }}",
            state_class="total_increasing",
            icon="mdi:debug-step-over",
            **common,
        ),
        entity(
            *(device, "sensor", "Outbox depth", [node]),
            value_template="{{ value_json.outbox.depth if value_json.outbox else 0 }}",
            state_class="measurement",
            icon="mdi:tray-full",
            **common,
        ),
    ]
