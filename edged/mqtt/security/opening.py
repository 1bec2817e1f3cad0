"""The config to what a connection needs before it opens: a usable host, the password, the TLS context.

Mqtt ──host, password file, certificate files──► (password, context), or ConfigError
"""

import logging

from edged.config.structs import Mqtt
from edged.errors import ConfigError
from edged.mqtt.security.password import read_password
from edged.mqtt.security.tls import TlsContext, key_hint, tls_context, trust

_log = logging.getLogger(__name__)


def credentials(mqtt: Mqtt, broker: str) -> tuple[str | None, TlsContext | None]:
    """Password and context of ``mqtt``, None where it has none; ``broker`` is for the log.

    Raises:
        ConfigError: a file named in the config cannot be used, or the host is not a valid name.
    """
    try:  # here, because a failing look-up would silently end paho's thread
        usable = mqtt.host.isprintable() and mqtt.host.encode("idna")
    except UnicodeError:
        usable = False
    if not usable:
        raise ConfigError(f"mqtt.host is {mqtt.host!r}, expected a host name or address")
    password, context = read_password(mqtt), tls_context(mqtt)
    if trust(mqtt) == "insecure":
        _log.warning("%s: mqtt.insecure is set, anyone may pretend to be the broker", broker)
    if hint := key_hint(mqtt):
        _log.warning("%s", hint)
    return password, context
