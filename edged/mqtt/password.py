"""The config's ``mqtt`` to the broker's password: from a file or systemd's credential, never from the config itself.

    mqtt.password_file, or $CREDENTIALS_DIRECTORY/mqtt_password ──► one line of UTF-8, or ConfigError

The password is read when the connection opens, not when the config is loaded, so that no struct holds it that might be
printed; a message names the file and never what is in it.
"""

import os
from pathlib import Path

from edged.config import Mqtt
from edged.errors import ConfigError

CREDENTIAL = "mqtt_password"  # as in the unit: LoadCredential=mqtt_password:/etc/edged/mqtt_password
_LONGEST = 65_535  # bytes; MQTT's own limit


def read_password(mqtt: Mqtt) -> str | None:
    """The password that goes with ``mqtt.username``; None where there is no username, or neither file nor credential.

    An empty credential is none: the unit always passes one on.

    Raises:
        ConfigError: the file is named and cannot be used.
    """
    if not mqtt.username:
        return None
    if mqtt.password_file:
        path = Path(mqtt.password_file)
    else:
        path = Path(os.environ.get("CREDENTIALS_DIRECTORY", ""), CREDENTIAL)
        if not path.is_absolute() or not path.exists():
            return None
    where = f"mqtt.password_file is {str(path)!r}"
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
        password = content.decode().removesuffix("\n").removesuffix("\r")
    except OSError as exc:
        raise ConfigError(f"{where}: {exc.strerror or exc}, expected a readable file") from exc
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: not UTF-8, expected a file of one line") from None  # the cause quotes the content
    if not password and not mqtt.password_file:
        return None
    if not password or "\n" in password or len(content) > _LONGEST:
        raise ConfigError(f"{where}: {len(content)} bytes, expected one line with the password")
    return password
