"""A block device that fails like an SD card: full, read-only in the middle of a write, or hung.

    a file in memory ──loop device──► ext4 of 8 MB ──fill, break_off, freeze──► a fault ──make_room, mend, thaw──► well

ext4 uses its smallest block size: larger blocks would leave holes within a page of shared memory.  Root is required.
No signal, not even SIGKILL, ends a write to a frozen file system, so it is thawed after a minute in any case.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.parts.broker.mosquitto import wait_until

_THAWED_S = 60
_OPTIONS = "loop,errors=remount-ro"


class Disk:
    """A disk mounted at ``place``; ``end`` removes it."""

    def __init__(self, folder: Path, block_bytes: int = 1024) -> None:
        self.place = folder / "disk"
        self._block_bytes = block_bytes
        memory = Path("/dev/shm")  # noqa: S108 -- a folder of our own below it; a real disk may be busy with other tests
        self._memory = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else folder, prefix="edged-disk-")
        self._image = Path(self._memory.name) / "disk.img"
        self._keeper: subprocess.Popen[bytes] | None = None

    def begin(self) -> str:
        """Make and mount it; returns what is missing for that, or an empty string."""
        self.place.mkdir()
        with self._image.open("wb") as image:
            image.truncate(8 * 2**20)
        commands: list[list[str | Path]] = [
            ["mkfs.ext4", "-q", "-b", str(self._block_bytes), self._image],
            # Below the disk, so that nobody writes to its mount point while it is mended.
            ["mount", "-t", "tmpfs", "-o", "ro,size=4k", "edged-nothing", self.place],
            ["mount", "-o", _OPTIONS, self._image, self.place],
        ]
        for command in commands:
            done = subprocess.run(command, check=False, capture_output=True)
            if done.returncode:
                return done.stderr.decode().strip()
        return ""

    def fill(self) -> None:
        """Fill the disk."""
        with suppress(OSError), (self.place / "filler").open("wb", buffering=0) as file:
            for size in (2**16, 512):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def make_room(self) -> None:
        """Free the space again."""
        (self.place / "filler").unlink()

    def break_off(self) -> None:
        """Turn read-only at once, for open files too, as ext4 does when a card fails."""
        subprocess.run(["mount", "-o", "remount,abort", self.place], check=True)

    def mend(self) -> None:
        """Check and remount it at the same place, as after a reboot."""
        # No lazy unmount: a mount still in use would write to the image besides the new one.
        wait_until(
            lambda: not subprocess.run(["umount", self.place], check=False, capture_output=True).returncode, "free"
        )
        subprocess.run(["e2fsck", "-fy", self._image], check=False, capture_output=True)
        subprocess.run(["mount", "-o", _OPTIONS, self._image, self.place], check=True)

    def freeze(self) -> None:
        """Block every write."""
        script = f'fsfreeze -f "$0" && echo frozen && sleep {_THAWED_S}; fsfreeze -u "$0"'
        self._keeper = subprocess.Popen(
            ["sh", "-c", script, self.place], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._keeper.stdout is not None
        assert self._keeper.stdout.readline() == b"frozen\n"

    def thaw(self) -> None:
        """Unblock the writes."""
        subprocess.run(["fsfreeze", "-u", self.place], check=False, capture_output=True)
        if self._keeper is not None and self._keeper.stdout is not None:
            self._keeper.kill()
            self._keeper.wait()
            self._keeper.stdout.close()
            self._keeper = None

    def end(self) -> None:
        """Unmount the disk."""
        self.thaw()
        while not subprocess.run(["umount", "-l", self.place], check=False, capture_output=True).returncode:
            pass  # the disk, then what is below it
        self._memory.cleanup()


@contextmanager
def mounted(disk: Disk) -> Iterator[Disk]:
    """The mounted disk; skips the test if it cannot be made."""
    if missing := disk.begin():
        pytest.skip(f"needs to mount an ext4 by a loop device, as root: {missing}")
    try:
        yield disk
    finally:
        disk.end()


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Disk]:
    """A healthy disk."""
    with mounted(Disk(tmp_path)) as disk:
        yield disk
