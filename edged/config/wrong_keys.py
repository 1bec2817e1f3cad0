"""What to write in place of a key that the config does not have.

section, key ──names of other programs, other sections, slips──► "did you mean mqtt.host?", or the keys there are
"""

from collections.abc import Mapping, Sequence

from edged.errors import nearest

# What people write who know other MQTT programs; by section, the hint.
_MQTT = {
    "host": ("address", "broker", "broker_host", "host_name", "hostname", "ip", "server", "uri", "url"),
    "username": ("login", "user", "user_name"),
    "root": ("base_topic", "prefix", "topic", "topic_prefix"),
    "tls": ("encryption", "ssl", "use_ssl", "use_tls"),
    "ca_file": ("ca", "ca_cert", "ca_certs", "cafile"),
    "cert_file": ("cert", "certfile", "certificate", "client_cert"),
    "key_file": ("client_key", "key", "keyfile"),
    "protocol": ("protocol_version", "version"),
    "keepalive_s": ("keep_alive", "keepalive"),
}
_AUDIO = {"device": ("input", "mic", "microphone", "source"), "gain_db": ("gain", "volume"), "muted": ("mute",)}
_TRACKER = {"enter": ("confidence", "min_confidence", "threshold", "thresholds")}
_SYNONYMS = {
    **{f"mqtt.{name}": f"mqtt.{key}" for key, names in _MQTT.items() for name in names},
    **{f"audio.{name}": f"audio.{key}" for key, names in _AUDIO.items() for name in names},
    **{f"tracker.{name}": f"tracker.{key}" for key, names in _TRACKER.items() for name in names},
    "broker": "mqtt.host",
    "host": "mqtt.host",
    "hass": "homeassistant",
    "home_assistant": "homeassistant",
    "log": "log_level",
    "logging": "log_level",
    "loglevel": "log_level",
    "mic": "audio.device",
    "microphone": "audio.device",
    "mqtt.discovery": "homeassistant.discovery",
    "mqtt.discovery_prefix": "homeassistant.prefix",
    "mqtt.node": "node",
    "name": "node",
    "server": "mqtt.host",
    "threshold": "tracker.enter",
}
_IN_A_FILE = "write the password into a file that only edged can read, and name the file in mqtt.password_file"
_HINTS = {
    "mqtt.pass": _IN_A_FILE,
    "mqtt.passwd": _IN_A_FILE,
    "mqtt.password": _IN_A_FILE,
    "mqtt.client_id": "the client id follows node",
    "mqtt.clientid": "the client id follows node",
    "mqtt.qos": "each topic has its QoS",
    "mqtt.retain": "each topic is retained or not",
    "audio.channels": "the number of channels follows the microphone",
    "audio.rate": "the rate follows the microphone",
    "audio.sample_rate": "the rate follows the microphone",
}


def hint(section: str, key: str, keys: Mapping[str, Sequence[str]]) -> str:
    """The hint for ``key``, which is not in ``section``; ``keys`` has those of each section, '' stands for the top."""
    name = _joined(section, key)
    if name in _HINTS:
        return _HINTS[name]
    if name in _SYNONYMS:
        return f"did you mean {_SYNONYMS[name]}?"
    first, dot, rest = key.partition(".")
    if dot and not section and first in keys:  # as messages and the documentation write it
        return (
            f"expected it below its section: {first}: {{{rest}: …}}" if rest in keys[first] else hint(first, rest, keys)
        )
    elsewhere = [_joined(other, key) for other, names in keys.items() if key in names]
    if len(elsewhere) == 1:
        return f"did you mean {elsewhere[0]}?"
    if close := nearest(key, keys[section]):
        return f"did you mean {_joined(section, close)}?"
    return f"expected keys among {', '.join(keys[section])}"


def _joined(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key
