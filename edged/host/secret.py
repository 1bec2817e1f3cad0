"""A file with a key or token to its text.

    path ──► one line of ASCII, or ConfigError

Messages name the file, never its content.
"""

from pathlib import Path

from edged.errors import ConfigError, counted

_MAX_BYTES = 10_000


def secret(key: str, path: Path) -> str:
    """The one line of ``path``; ``key`` names it in messages.

    Raises:
        ConfigError: it cannot be read, is empty, or is no single line of ASCII.
    """
    where = f"{key} is {str(path)!r}"
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        found = content.decode("ascii").strip()
    except OSError as exc:
        raise ConfigError(f"{where}: {exc.strerror or exc}, expected a readable file") from exc
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: not ASCII, expected a file of one line") from None  # the cause quotes the content
    if not found or len(found.splitlines()) > 1 or len(content) > _MAX_BYTES:
        raise ConfigError(f"{where}: {counted(len(content), 'byte')}, expected one line")
    return found
