"""Where the daemon keeps what outlives it: one folder.

    state_dir of the config, else $STATE_DIRECTORY (systemd's), else $XDG_STATE_HOME/edged, else ~/.local/state/edged

As a service systemd makes the folder, gives it to the daemon's user and names it in the environment; who starts
``edged run`` by hand keeps the events at home.  A command that only reads, such as ``edged history``, is started from a
shell and knows nothing of the service's environment, so it also looks where the service's folder is.
"""

import os
from pathlib import Path

from edged.errors import ConfigError

_SERVICE = Path("/var/lib/edged")  # StateDirectory=edged


def state_folder(state_dir: str) -> Path:
    """The folder to write to; it may not exist yet.  ``state_dir`` is the config's, empty where it says nothing.

    Raises:
        ConfigError: ``state_dir`` is below the home of a user that there is not.
    """
    if state_dir:
        try:
            return Path(state_dir).expanduser().absolute()
        except RuntimeError as exc:
            raise ConfigError(f"state_dir is {state_dir!r}: there is no such user, expected a folder's path") from exc
    if given := os.environ.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(given).absolute()
    home = os.environ.get("XDG_STATE_HOME", "")
    return (Path(home) if Path(home).is_absolute() else _home() / ".local" / "state") / "edged"


def state_file(state_dir: str, name: str) -> Path:
    """The file ``name`` to read: in the folder above, else in the service's; the former where there is neither.

    Raises:
        ConfigError: as above.
    """
    own = state_folder(state_dir) / name
    service = _SERVICE / name
    try:
        return service if not (state_dir or own.exists()) and service.exists() else own
    except PermissionError:  # it is the service's, and not for this user: saying so helps more than "no such file"
        return service
    except OSError:  # no folder can have that name, as whoever opens it will say
        return own


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # a user without an entry in the system's list
        return Path("/tmp")  # noqa: S108 -- below it the folder is made for this user alone
