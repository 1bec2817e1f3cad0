"""The password for the broker, from a file or a systemd credential, never from the config itself.

    mqtt.password_file, or $CREDENTIALS_DIRECTORY/mqtt_password ──► one line of UTF-8, or ConfigError

It is read when the connection opens, not when the config is loaded, so no struct that might be printed holds it.
Messages name the file, never its content.
"""

import codecs
import os
from pathlib import Path

from edged.config.structs import Mqtt
from edged.errors import ConfigError, counted

CREDENTIAL = "mqtt_password"  # as in the unit: LoadCredential=mqtt_password:/etc/edged/mqtt_password
_MAX_BYTES = 65_535  # MQTT's own limit
_MAX_EMPTY = len(codecs.BOM_UTF8 + b"\r\n")


def read_password(mqtt: Mqtt) -> str | None:
    """The password for ``mqtt.username``; None without a username, or with neither file nor credential.

    Raises:
        ConfigError: the file cannot be used.
    """
    if not mqtt.username:
        return None
    if mqtt.password_file:
        path = Path(mqtt.password_file)
    else:
        found = credential(CREDENTIAL)
        if found is None:
            return None
        path = found
    where = f"mqtt.password_file is {str(path)!r}"
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        password = _text(content)
    except OSError as exc:
        raise ConfigError(f"{where}: {exc.strerror or exc}, expected a readable file") from exc
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: not UTF-8, expected a file of one line") from None  # the cause quotes the content
    if not password or "\n" in password or "\r" in password or len(content) > _MAX_BYTES:
        raise ConfigError(f"{where}: {counted(len(content), 'byte')}, expected one line with the password")
    return password


def _text(content: bytes) -> str:
    """``content`` without what an editor adds: a byte order mark before it, ends of lines behind it."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # PowerShell's `>` and some editors
    return content.decode("utf-16" if wide else "utf-8-sig").rstrip("\r\n")


def credential(name: str) -> Path | None:
    """The file of a systemd credential; None if it is missing or empty, since the unit always passes one."""
    path = Path(os.environ.get("CREDENTIALS_DIRECTORY", ""), name)
    if not path.is_absolute():
        return None
    try:
        is_empty = path.stat().st_size <= _MAX_EMPTY and not path.read_bytes().removeprefix(codecs.BOM_UTF8).strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # reading it raises the error
        return path
    return None if is_empty else path
