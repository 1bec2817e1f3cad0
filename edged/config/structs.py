"""The structs of config.yaml, one per section: each key with its default and the description of valid values.

    mqtt: {port: 8883} ──load.py──► Config.mqtt.port

Error messages quote the descriptions, so a range is given whole and not only the limit that was crossed.
"""

from typing import Annotated, Literal

import msgspec

from edged.config.hub.structs import Hub
from edged.config.limits import number as _number
from edged.config.limits import text as _text
from edged.config.limits import whole as _whole
from edged.features.geometry import SILENCE_DBFS

_NODE = _text("at most 64 of a-z A-Z 0-9 _ -, or '' for a name made of the device's id", r"^[a-zA-Z0-9_-]{0,64}\Z")
# The form of usb-id and usb-path is checked, so that a typing error is not taken for an absent device.
_DEVICE = _text(
    "auto, usb-id:vid:pid[:serial], usb-path:… or part of a name, as `edged devices` lists them",
    r"^(usb-id:[0-9a-fA-F]{4}:[0-9a-fA-F]{4}(:.+)?|usb-path:[^:].*|name:.*\S.*|(?!usb-id:|usb-path:|name:).*\S.*)\Z",
)
_CHANNEL = msgspec.Meta(description="auto, or the number of a channel, 1 to 32")
_ROOT = _text(
    "levels of a-z A-Z 0-9 _ - with / between, at most 200 characters",
    r"^(?=.{1,200}\Z)[a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*\Z",
)
# MQTT itself ends at 65,535 bytes, and paho's thread with it.
_NAME = _text("text of at most 10000 characters", r"(?s)^.{0,10000}\Z")

_Share = Annotated[float, _number(0, 1)]
_HOST_NAMES = msgspec.Meta(description="a list of names or addresses, such as [calls.example.org]")
_SHARES = msgspec.Meta(description="labels, each with its share, 0 to 1, such as {neutral: 0.7}")


class Audio(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Microphone and sound path."""

    device: Annotated[str, _DEVICE] = "auto"
    channel: Annotated[Annotated[int, msgspec.Meta(ge=1, le=32)] | Literal["auto"], _CHANNEL] = "auto"
    muted: bool = False
    buffer_s: Annotated[float, _number(2, 120)] = 10.0
    gain_db: Annotated[float, _number(-20, 40)] = 0.0
    highpass_hz: Annotated[float, _number(0, 1000)] = 10.0
    remove_hum: bool = True
    silent_after_s: Annotated[float, _number(1, 3600)] = 10.0
    max_recovery_s: Annotated[float, _number(0, 86400)] = 60.0


class Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Models and inference."""

    bundle: Annotated[str, _text("small, large, auto or the path of a bundle's folder")] = "small"
    routing: Literal["auto", "hard", "soft"] = "auto"
    stride_s: Annotated[float, _number(0.016, 2.992)] = 0.496
    threads: Annotated[int, _whole(1, 4)] = 1


class Gate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Speech detection: by a model, or by level above an adaptive noise floor."""

    kind: Literal["auto", "model", "level"] = "auto"
    margin_db: Annotated[float, _number(3, 60)] = 12.0
    min_dbfs: Annotated[float, _number(SILENCE_DBFS, 0)] = -80.0
    min_speech_s: Annotated[float, _number(0.016, 2.992)] = 0.4


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Adaptation to the room and its voices, without labels."""

    mode: Literal["on", "frozen", "off"] = "on"
    expected: Annotated[dict[str, _Share], _SHARES] = {}
    half_life_min: Annotated[float, _number(1, 10_080)] = 60.0
    bound: Annotated[float, _number(0, 5)] = 1.0


class Tracker(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From scores to episodes."""

    smoothing: Literal["bayesian", "majority"] = "bayesian"
    span_s: Annotated[float, _number(0.5, 60)] = 4.0
    lasts_s: Annotated[float, _number(0.5, 3600)] = 5.0
    enter: Annotated[float, _number(0, 1)] = 0.6
    enter_for: Annotated[dict[str, _Share], _SHARES] = {}
    leave: Annotated[float, _number(0, 1)] = 0.5
    margin: Annotated[float, _number(0, 1)] = 0.1
    min_duration_s: Annotated[float, _number(0, 60)] = 1.0
    min_speech: Annotated[float, _number(0, 1)] = 0.85


class Mqtt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Connection to the broker, and topics."""

    host: Annotated[str, _text("a host's name or address, without mqtt:// and without a port")] = "localhost"
    port: Annotated[int, _whole(0, 65535)] = 0  # what a connection is made to is tcp_port
    protocol: Literal["v3.1.1", "v5"] = "v3.1.1"
    tls: Literal["off", "on"] = "off"
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    insecure: Literal["", "anyone may pretend to be the broker"] = ""
    username: Annotated[str, _NAME] = ""
    password_file: str = ""
    keepalive_s: Annotated[int, _whole(5, 3600)] = 60
    root: Annotated[str, _ROOT] = "edged"
    window: bool = False
    commands: Literal["off", "read-only", "on"] = "on"

    @property
    def tcp_port(self) -> int:
        """``port``, or where that is 0 the customary one: 8883 with TLS, else 1883."""
        return self.port or (8883 if self.tls == "on" else 1883)


class Outbox(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Storage of events: until the broker has them, and then as history."""

    keep: Literal["disk", "memory"] = "disk"
    events: Annotated[int, _whole(100, 100_000)] = 10_000
    megabytes: Annotated[int, _whole(1, 64)] = 16
    days: Annotated[float, _number(0.01, 3650)] = 30.0
    commit_s: Annotated[float, _number(0, 60)] = 5.0


class HomeAssistant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Discovery messages for Home Assistant."""

    discovery: Literal["device", "component", "off"] = "device"
    prefix: Annotated[str, _ROOT] = "homeassistant"
    suggested_area: str = ""


class Prometheus(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Metrics as text for Prometheus."""

    port: Annotated[int, _whole(0, 65535)] = 0


class Calls(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Analysis of calls: `edged calls`, and live."""

    bundle: Annotated[str, _text("small, large, auto or the path of a bundle's folder")] = "large"
    customer: Literal["ask", "left", "right", "mono"] = "ask"
    stride_s: Annotated[float, _number(1.504, 2.992)] = 1.504
    weights: Annotated[dict[str, _Share], _SHARES] = msgspec.field(
        default_factory=lambda: {"angry": 1.0, "fear": 0.8, "disgust": 0.7, "sad": 0.4}
    )
    opening_windows: Annotated[int, _whole(1, 60)] = 8
    min_speech_s: Annotated[float, _number(5, 3600)] = 30.0
    max_uncertain: Annotated[float, _number(0, 1)] = 0.5
    max_interval: Annotated[float, _number(0, 9)] = 4.0
    calm_below: Annotated[float, _number(0, 1)] = 0.25
    live: Literal["off", "on"] = "off"
    end_after_s: Annotated[float, _number(5, 3600)] = 60.0


class Web(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The pages of `edged web`."""

    host: Annotated[str, _text("an address or name of this machine, such as 127.0.0.1")] = "127.0.0.1"
    port: Annotated[int, _whole(0, 65535)] = 8095
    names: Annotated[list[str], _HOST_NAMES] = []
    open_to_network: Literal["", "anyone on the network may read every report"] = ""
    max_megabytes: Annotated[int, _whole(1, 100_000)] = 1000
    max_hours: Annotated[float, _number(0.01, 24)] = 4.0
    max_calls: Annotated[int, _whole(1, 1000)] = 100


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole of config.yaml."""

    node: Annotated[str, _NODE] = ""
    audio: Audio = Audio()
    models: Models = Models()
    gate: Gate = Gate()
    baseline: Baseline = Baseline()
    tracker: Tracker = Tracker()
    mqtt: Mqtt = Mqtt()
    outbox: Outbox = Outbox()
    state_dir: str = ""
    health_s: Annotated[int, _whole(5, 3600)] = 60
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    homeassistant: HomeAssistant = HomeAssistant()
    prometheus: Prometheus = Prometheus()
    hub: Hub = Hub()
    calls: Calls = Calls()
    web: Web = Web()
