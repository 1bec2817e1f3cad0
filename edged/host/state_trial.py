"""What can be done with the state folder: it is tried, and nothing is left in it.

    folder ──a file without a name, 64 kB, fsync──► Trial: user, owner, free space, files
           └──refused, full, hangs──► OSError

A folder that does not exist yet is tried at the nearest one above it, where ``edged run`` would make it.
"""

import os
import pwd
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from edged.host.disk_thread import DiskThread

_BYTES = 65_536  # of the file that is written; a full disk refuses it at the fsync at the latest
_DEADLINE_S = 10.0


class Trial(NamedTuple):
    """A folder that can be written to."""

    exists: bool
    owner: str
    free_bytes: int  # for this user
    sizes: dict[str, int]  # bytes of the files in it, by name


def tried(folder: Path) -> Trial:
    """Write to ``folder``, and look at what is in it.

    Raises:
        OSError: it cannot be written or read; TimeoutError if the disk hangs.
    """
    return DiskThread("edged-state-trial", _DEADLINE_S).run(lambda: _tried(folder))


def user() -> str:
    """Who runs this process."""
    return _name(os.geteuid())


def _tried(folder: Path) -> Trial:
    place = next(one for one in (folder, *folder.parents) if one.exists())
    with tempfile.TemporaryFile(dir=place) as file:
        file.write(os.urandom(_BYTES))
        file.flush()
        os.fsync(file.fileno())
    exists = place == folder
    sizes = {one.name: one.stat().st_size for one in sorted(folder.iterdir()) if one.is_file()} if exists else {}
    return Trial(exists, _name(place.stat().st_uid), shutil.disk_usage(place).free, sizes)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container without an entry for it
        return str(uid)
