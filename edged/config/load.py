"""config.yaml to frozen, validated structs; every fault named by its key.

    config.yaml ──yaml_text──► plain values ──sections──► Config, or ConfigError: file, key, value, what is expected

All keys have defaults; the file at the top of the repository shows them all.  People write seconds; ``samples`` makes
them sample counts once, by exact division.
"""

import math
import re
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from edged.config.broker_host import host_fault
from edged.config.hub.checks import check_hub
from edged.config.hub.faults import MISSING, Misfit, misfit
from edged.config.hub.structs import Hub
from edged.config.renamed import with_new_names
from edged.config.strict_yaml import plain_values
from edged.config.structs import Config, Mqtt
from edged.config.wrong_keys import hint
from edged.errors import ConfigError, shown

_MAX_BYTES = 2**20  # no config has a megabyte; a wrong path may name a file of gigabytes
_QUOTES = "'\""
_WORDS = {str: "text", bool: "true or false"}

_SECTIONS = {
    field.name: field.type for field in msgspec.structs.fields(Config) if isinstance(field.default, msgspec.Struct)
}
_KEYS = {
    section: tuple(field.name for field in msgspec.structs.fields(kind))
    for section, kind in {"": Config, **_SECTIONS}.items()
}


def load_config(path: Path) -> Config:
    """The config in the file ``path``; an empty file is all defaults.

    Raises:
        ConfigError: the file cannot be read, is not YAML, or a key is unknown, of a wrong type or out of range.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror or exc}, expected a readable YAML file") from exc
    if len(content) > _MAX_BYTES:
        raise ConfigError(f"{path}: larger than {_MAX_BYTES} bytes, expected a config")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: byte {exc.start} is not UTF-8, expected a YAML file in UTF-8") from exc
    return parse_config(text, str(path))


def parse_config(text: str, name: str) -> Config:
    """As ``load_config`` for a text; ``name`` stands for the file in messages."""
    values = with_new_names(plain_values(text, name), name)
    # A section with nothing below it ("mqtt:") means its defaults, as a person expects of YAML.
    values = {key: value for key, value in values.items() if value is not None or key not in _SECTIONS}
    _check_keys(name, "", values)
    for section in _SECTIONS:
        if isinstance(values.get(section), dict):
            _check_keys(name, section, values[section])
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
    samples(f"{name}: calls.stride_s", config.calls.stride_s, 16_000, 256)
    _check_mqtt(name, config.mqtt)
    check_hub(name, config.hub)


def _check_mqtt(name: str, mqtt: Mqtt) -> None:
    if fault := host_fault(mqtt.host):
        raise ConfigError(f"{name}: mqtt.host {fault}")
    if mqtt.password_file and not mqtt.username:
        raise ConfigError(f"{name}: mqtt.username is empty, expected a name beside mqtt.password_file")
    for key in ("ca_file", "cert_file", "key_file", "insecure"):  # else all would go out in the clear, unnoticed
        if getattr(mqtt, key) and mqtt.tls == "off":
            raise ConfigError(f"{name}: mqtt.tls is off, expected on beside mqtt.{key}")
    if mqtt.key_file and not mqtt.cert_file:
        raise ConfigError(f"{name}: mqtt.cert_file is empty, expected a file beside mqtt.key_file")
    if mqtt.insecure and mqtt.ca_file:
        raise ConfigError(f"{name}: mqtt.insecure is set, expected it to be empty beside mqtt.ca_file")


def _check_keys(name: str, section: str, values: dict[Any, Any]) -> None:
    for key in values:
        if key not in _KEYS[section]:
            above = f"{section}." if section else ""
            fault = hint(section, str(key), _KEYS)
            raise ConfigError(f"{name}: {above}{shown(key).strip(_QUOTES)} is not a key, {fault}")


def _named(name: str, values: dict[Any, Any], fault: str) -> str:
    """msgspec's ``Expected `int` - at `$.mqtt.port` `` as ``config.yaml: mqtt.port is 'x', expected …``."""
    if "$.hub" in fault:
        return f"{name}: {_deep(misfit(Hub, values['hub'], 'hub'))}"
    # Of a list in a section, msgspec names the item as well, as in names[0].
    path = re.sub(r"\[[^\]]*\]", "", fault.rpartition("$.")[2].rstrip("`")).split(".")
    value: Any = values
    kind: Any = Config
    for part in path:
        value = value[part]
        kind = {field.name: field.type for field in msgspec.structs.fields(kind)}[part]
    written = "without a value" if value is None else shown(value)
    is_unquoted = isinstance(value, int | float | date) and not isinstance(value, bool)
    quoted = f" (as text, in quotes: '{written}')" if is_unquoted and _takes_text(kind) else ""
    return f"{name}: {'.'.join(path)} is {written}{quoted}, {_expected(kind)}"


def _takes_text(kind: Any) -> bool:  # noqa: ANN401 -- as for _expected
    return kind is str or (get_origin(kind) is Annotated and kind.__origin__ is str)


def _deep(found: Misfit) -> str:
    if found.fault:
        return f"{found.path} {found.fault}" + (f", {_expected(found.kind)}" if found.fault == MISSING else "")
    return (
        f"{found.path} is {'without a value' if found.value is None else shown(found.value)}, {_expected(found.kind)}"
    )


def _expected(kind: Any) -> str:  # noqa: ANN401 -- a struct's class, Annotated, Literal, str or bool
    """What a value of ``kind`` must be, in words: the whole of it, not only the limit that was crossed."""
    if get_origin(kind) is Literal:
        return "expected " + " or ".join(
            repr(word) if word == "" or " " in str(word) else str(word) for word in get_args(kind)
        )
    if get_origin(kind) is Annotated:
        return f"expected {kind.__metadata__[0].description}"
    if kind in _WORDS:
        return f"expected {_WORDS[kind]}"
    return "expected keys among " + ", ".join(field.name for field in msgspec.structs.fields(kind))
