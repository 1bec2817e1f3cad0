"""The folder for files that outlive the daemon.

    state_dir of the config, else $STATE_DIRECTORY (systemd's), else $XDG_STATE_HOME/edged, else ~/.local/state/edged

For the service, systemd makes the folder, gives it to the daemon's user and names it in the environment.  ``edged run``
from a shell uses the user's home.  A command that only reads, such as ``edged history``, is started from a shell and
does not have the service's environment, so it also looks in the service's folder.
"""

import os
from pathlib import Path

from edged.errors import ConfigError

_SERVICE = Path("/var/lib/edged")  # StateDirectory=edged


def state_folder(state_dir: str) -> Path:
    """The folder to write to; it may not exist yet.  ``state_dir`` is the config's, empty where it is not set.

    Raises:
        ConfigError: ``state_dir`` is below the home of an unknown user, or the folder would be in a home that this
            user does not have.
    """
    if state_dir:
        try:
            return Path(state_dir).expanduser().absolute()
        except RuntimeError as exc:
            raise ConfigError(f"state_dir is {state_dir!r}: there is no such user, expected a folder's path") from exc
    if by_systemd := os.environ.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(by_systemd).absolute()
    home = os.environ.get("XDG_STATE_HOME", "")
    return (Path(home) if Path(home).is_absolute() else _home() / ".local" / "state") / "edged"


def existing_state_file(state_dir: str, name: str) -> Path:
    """The file ``name`` to read: in the folder above, else in the service's; in the former where neither has it.

    Raises:
        ConfigError: as above.
    """
    mine = state_folder(state_dir) / name
    service = _SERVICE / name
    try:
        return service if not (state_dir or mine.exists()) and service.exists() else mine
    except PermissionError:  # the service's, and closed to this user: saying so helps more than "no such file"
        return service
    except OSError:  # no folder can have that name, as opening the file will show
        return mine


def existing_state_folder(state_dir: str) -> Path:
    """The folder above, else the service's where the former does not exist.

    Raises:
        ConfigError: as above.
    """
    return existing_state_file(state_dir, "")


def owns_state_folder(state_dir: str) -> bool:
    """Whether the folder to write to exists and is this user's: only then can the daemon replace what is put there.

    Raises:
        ConfigError: as above.
    """
    try:
        return state_folder(state_dir).stat().st_uid == os.geteuid()
    except OSError:
        return False


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as exc:  # no HOME, and no entry in the system's list of users
        # Not a folder in /tmp: whoever knows its name could make it first.
        raise ConfigError("state_dir is empty and this user has no home, expected a folder's path") from exc
