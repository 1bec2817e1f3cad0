"""The Home Assistant entities that set something or act: switch, numbers and buttons.

device, the commands that it obeys ──► entities that publish to its ``cmd`` topics
"""

from edged.contract import topics
from edged.contract.commands import READ_ONLY
from edged.homeassistant.entity import Device, Entity, available, command_topic, entity, topic_of

_MAX_STATE = 255  # characters of a state in Home Assistant


def settings(device: Device) -> list[Entity]:
    """Settings and actions, as far as the device obeys commands."""
    info = topic_of(device, topics.INFO)
    node = available(device, topics.AVAILABILITY)
    by_command: dict[str, list[Entity]] = {
        "mute": [
            entity(
                *(device, "switch", "Listening", [node]),
                command_topic=command_topic(device, "mute"),
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
            entity(
                *(device, "number", f"Threshold {label}", [node]),
                command_topic=command_topic(device, "threshold"),
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
            entity(
                *(device, "button", "Restart", [node]),
                command_topic=command_topic(device, "restart"),
                device_class="restart",
                entity_category="config",
            )
        ],
        "identify": [
            entity(
                *(device, "button", "Identify", [node]),
                command_topic=command_topic(device, "identify"),
                device_class="identify",
                entity_category="diagnostic",
            )
        ],
    }
    obeyed = {"off": (), "read-only": READ_ONLY, "on": tuple(by_command)}[device.commands]
    return [entity for command, those in by_command.items() if command in obeyed for entity in those]


def _calibration(device: Device, node: Entity) -> list[Entity]:
    """Two buttons, and a sensor with the result in words: first what to do, then what changed."""
    command = command_topic(device, "calibrate")
    return [
        entity(
            *(device, "button", "Calibrate", [node]),
            command_topic=command,
            entity_category="config",
            icon="mdi:account-voice",
        ),
        entity(
            *(device, "button", "Forget calibration", [node]),
            command_topic=command,
            payload_press="FORGET",
            entity_category="config",
            icon="mdi:account-voice-off",
        ),
        entity(
            *(device, "sensor", "Calibration", [node]),
            state_topic=f"{command}/result",
            value_template=f"{{{{ value_json.message[:{_MAX_STATE}] }}}}",
            entity_category="diagnostic",
            icon="mdi:account-voice",
        ),
    ]
