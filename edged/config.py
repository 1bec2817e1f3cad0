"""config.yaml to frozen, validated structs; every fault named by its key.

    config.yaml ──yaml_text──► plain values ──msgspec──► Config, or ConfigError: file, key, value, what is expected

All keys have defaults; the file at the top of the repository shows them all.  People write seconds; ``samples`` makes
them sample counts once, by exact division.
"""

import math
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from edged.errors import ConfigError
from edged.yaml_text import plain_values, shown

_MOST_BYTES = 2**20  # no config has a megabyte; a wrong path may name a file of gigabytes
_QUOTES = "'\""


def _number(low: float, high: float) -> msgspec.Meta:
    return msgspec.Meta(ge=low, le=high, description=f"a number, {low:g} to {high:g}")


def _whole(low: int, high: int) -> msgspec.Meta:
    return msgspec.Meta(ge=low, le=high, description=f"a whole number, {low} to {high}")


def _text(description: str, pattern: str = ".") -> msgspec.Meta:
    return msgspec.Meta(pattern=pattern, description=description)


_NODE = _text("at most 64 of a-z A-Z 0-9 _ -; empty is edged- and a part of the device's id", r"^[a-zA-Z0-9_-]{0,64}\Z")
# usb-id and usb-path are held to their form, so that a typing error is not waited for as if it were an absent device.
_DEVICE = _text(
    "auto, usb-id:vid:pid[:serial], usb-path:… or part of a name, as `edged devices` lists them",
    r"^(usb-id:[0-9a-fA-F]{4}:[0-9a-fA-F]{4}(:.+)?|usb-path:[^:].*|name:.*\S.*|(?!usb-id:|usb-path:|name:).*\S.*)\Z",
)
_ROOT = _text("levels of a-z A-Z 0-9 _ - with / between", r"^[a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*\Z")

_Share = Annotated[float, _number(0, 1)]
_SHARES = msgspec.Meta(description="labels, each with its share, 0 to 1, such as {neutral: 0.7}")


class Audio(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The microphone."""

    device: Annotated[str, _DEVICE] = "auto"
    buffer_s: Annotated[float, _number(2, 120)] = 10.0
    gain_db: Annotated[float, _number(-20, 40)] = 0.0
    highpass_hz: Annotated[float, _number(0, 1000)] = 0.0
    silent_after_s: Annotated[float, _number(1, 3600)] = 10.0
    max_recovery_s: Annotated[float, _number(0, 86400)] = 60.0


class Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The bundle and how it is run."""

    bundle: Annotated[str, _text("default or the path of a bundle's folder")] = "default"
    routing: Literal["auto", "hard", "soft"] = "auto"
    stride_s: Annotated[float, _number(0.016, 2.992)] = 0.496
    threads: Annotated[int, _whole(1, 4)] = 1


class Gate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Speech or not: by the bundle's model, or by level against a noise floor that adapts."""

    kind: Literal["auto", "model", "level"] = "auto"
    margin_db: Annotated[float, _number(3, 60)] = 12.0
    least_dbfs: Annotated[float, _number(-96, 0)] = -60.0
    least_speech_s: Annotated[float, _number(0.016, 2.992)] = 0.4


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the device learns, without labels, of its room and its voices."""

    mode: Literal["on", "frozen", "off"] = "on"
    expected: Annotated[dict[str, _Share], _SHARES] = {}
    half_life_min: Annotated[float, _number(1, 10_080)] = 60.0
    bound: Annotated[float, _number(0, 5)] = 1.0


class Tracker(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Scores to episodes."""

    smoothing: Literal["majority", "exponential"] = "majority"
    span_s: Annotated[float, _number(0.5, 60)] = 5.0
    enter: Annotated[float, _number(0, 1)] = 0.5
    enter_for: Annotated[dict[str, _Share], _SHARES] = {}
    leave: Annotated[float, _number(0, 1)] = 0.35
    margin: Annotated[float, _number(0, 1)] = 0.1
    min_duration_s: Annotated[float, _number(0, 60)] = 1.0


class Mqtt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The broker."""

    host: Annotated[str, _text("a host's name or address")] = "localhost"
    port: Annotated[int, _whole(0, 65535)] = 0  # never 0 once it is made
    protocol: Literal["v3.1.1", "v5"] = "v3.1.1"
    tls: Literal["off", "on"] = "off"
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    insecure: Literal["", "anyone may pretend to be the broker"] = ""
    username: str = ""
    password_file: str = ""
    keepalive_s: Annotated[int, _whole(5, 3600)] = 60
    root: Annotated[str, _ROOT] = "edged"
    window: bool = False
    commands: Literal["off", "read-only", "on"] = "on"

    def __post_init__(self) -> None:
        """The port that is customary, where none is given."""
        if not self.port:
            msgspec.structs.force_setattr(self, "port", 8883 if self.tls == "on" else 1883)


class Outbox(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Events until the broker has them, and afterwards as history."""

    keep: Literal["disk", "memory"] = "disk"
    events: Annotated[int, _whole(100, 100_000)] = 10_000
    megabytes: Annotated[int, _whole(1, 64)] = 16
    days: Annotated[float, _number(0.01, 3650)] = 30.0
    commit_s: Annotated[float, _number(0, 60)] = 5.0


class HomeAssistant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What Home Assistant is told of this device, so that it needs no configuration."""

    discovery: Literal["device", "component", "off"] = "device"
    prefix: Annotated[str, _ROOT] = "homeassistant"
    suggested_area: str = ""


class Prometheus(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The figures of health as text for Prometheus."""

    port: Annotated[int, _whole(0, 65535)] = 0


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


_SECTIONS = {
    field.name: field.type for field in msgspec.structs.fields(Config) if isinstance(field.default, msgspec.Struct)
}


def load_config(path: Path) -> Config:
    """The config in the file ``path``; an empty file is all defaults.

    Raises:
        ConfigError: the file cannot be read, is not YAML, or a key is unknown, of a wrong type or out of range.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror or exc}, expected a readable YAML file") from exc
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"{path}: larger than {_MOST_BYTES} bytes, expected a config")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: byte {exc.start} is not UTF-8, expected a YAML file in UTF-8") from exc
    return parse_config(text, str(path))


def parse_config(text: str, name: str) -> Config:
    """As ``load_config`` for a text; ``name`` stands for the file in messages."""
    values = plain_values(text, name)
    # A section with nothing below it ("mqtt:") means its defaults, as a person expects of YAML.
    values = {key: value for key, value in values.items() if value is not None or key not in _SECTIONS}
    _check_keys(name, "", values, Config)
    for section, kind in _SECTIONS.items():
        if isinstance(values.get(section), dict):
            _check_keys(name, f"{section}.", values[section], kind)
    try:
        config = msgspec.convert(values, Config, strict=True)
    except msgspec.ValidationError as exc:
        raise ConfigError(_named(name, values, str(exc))) from exc
    _check_together(name, config)
    return config


def samples(key: str, seconds: float, sample_rate_hz: int, multiple: int) -> int:
    """``seconds`` as a count of samples that must be a whole multiple of ``multiple``.

    Raises:
        ConfigError: it is not; the message gives the nearest lengths that are.
    """
    # Fraction of the decimal as written: 0.496 s is 7936 samples exactly, in binary floating point it is not.
    count = Fraction(str(seconds)) * sample_rate_hz
    if count.denominator == 1 and count % multiple == 0:
        return int(count)
    below = math.floor(count / multiple) * multiple
    nearest = ", ".join(f"{n / sample_rate_hz:g}" for n in (below, below + multiple) if n > 0)
    unit = f"{multiple / sample_rate_hz:g}"
    raise ConfigError(f"{key} is {seconds:g}, expected a multiple of {unit} s (nearest: {nearest})")


def _check_together(name: str, config: Config) -> None:
    tracker = config.tracker
    if tracker.leave > tracker.enter:
        raise ConfigError(
            f"{name}: tracker.leave is {tracker.leave:g}, expected at most tracker.enter ({tracker.enter:g})"
        )
    samples(f"{name}: models.stride_s", config.models.stride_s, 16_000, 256)
    _check_mqtt(name, config.mqtt)


def _check_mqtt(name: str, mqtt: Mqtt) -> None:
    if mqtt.password_file and not mqtt.username:
        raise ConfigError(f"{name}: mqtt.username is empty, expected a name beside mqtt.password_file")
    for key in ("ca_file", "cert_file", "key_file", "insecure"):  # else all would go out in the clear, unnoticed
        if getattr(mqtt, key) and mqtt.tls == "off":
            raise ConfigError(f"{name}: mqtt.tls is off, expected on beside mqtt.{key}")
    if mqtt.key_file and not mqtt.cert_file:
        raise ConfigError(f"{name}: mqtt.cert_file is empty, expected a file beside mqtt.key_file")
    if mqtt.insecure and mqtt.ca_file:
        raise ConfigError(f"{name}: mqtt.insecure is set, expected it to be empty beside mqtt.ca_file")


def _check_keys(name: str, above: str, values: dict[Any, Any], kind: Any) -> None:  # noqa: ANN401 -- a struct's class
    known = {field.name for field in msgspec.structs.fields(kind)}
    for key in values:
        if key not in known:
            raise ConfigError(f"{name}: {above}{shown(key).strip(_QUOTES)} is not a key, {_expected(kind)}")


def _named(name: str, values: dict[Any, Any], fault: str) -> str:
    """msgspec's ``Expected `int` - at `$.mqtt.port` `` as ``config.yaml: mqtt.port is 'x', expected …``."""
    path = fault.rpartition("$.")[2].rstrip("`").removesuffix("[...]").split(".")
    value: Any = values
    kind: Any = Config
    for part in path:
        value = value[part]
        kind = {field.name: field.type for field in msgspec.structs.fields(kind)}[part]
    return f"{name}: {'.'.join(path)} is {shown(value)}, {_expected(kind)}"


def _expected(kind: Any) -> str:  # noqa: ANN401 -- a struct's class, Annotated, Literal or str
    """What a value of ``kind`` must be, in words: the whole of it, not only the limit that was crossed."""
    if get_origin(kind) is Literal:
        return "expected " + " or ".join(argument or "nothing" for argument in get_args(kind))
    if get_origin(kind) is Annotated:
        return f"expected {kind.__metadata__[0].description}"
    if kind is str:
        return "expected text"
    return "expected keys among " + ", ".join(field.name for field in msgspec.structs.fields(kind))
