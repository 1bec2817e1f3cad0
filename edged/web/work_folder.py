"""The folder for recordings and reports of this run; it is emptied when the program exits.

    <state_dir>/web/<random name>/recording.wav, report.html, …

One process holds the folder (flock(2)), empties it when it starts, since a killed one may have left recordings, and
empties it when it ends.  Only this user can read it.  Names in it are ours, never a client's.
"""

import fcntl
import logging
import os
import shutil
from pathlib import Path
from typing import Self

from edged.errors import AlreadyRunningError, ConfigError, counted

_LOCK = "lock"

_log = logging.getLogger(__name__)


class WorkFolder:
    """``path``, between entering and leaving."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = -1

    def __enter__(self) -> Self:
        """Take the folder and empty it.

        Raises:
            AlreadyRunningError: another process holds it.
            ConfigError: it cannot be made or written.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            os.close(self._lock)
            raise AlreadyRunningError(f"edged web already runs here with {self.path}; stop it first") from exc
        except OSError as exc:
            raise ConfigError(f"{self.path}: {exc.strerror}, expected a folder that edged web can write") from exc
        if n_left := self._emptied():
            _log.info("%s: removed %s of an earlier run", self.path, counted(n_left, "folder"))
        return self

    def __exit__(self, *_fault: object) -> None:
        """Empty the folder and let it go."""
        self._emptied()
        os.close(self._lock)

    def _emptied(self) -> int:
        n_removed = 0
        for entry in self.path.iterdir():
            if entry.name == _LOCK:
                continue
            n_removed += 1
            remove(entry)
        return n_removed


def remove(path: Path) -> None:
    """Removes a folder or a file; says in the log where it cannot."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as exc:
        _log.warning("%s: cannot be removed (%s)", path, exc.strerror or exc)
