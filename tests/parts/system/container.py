"""A Debian 12 that boots with its own systemd, in a container; it sees the host's network and nothing else of it.

    debian.made_root() ──systemd-nspawn──► Container: ran(), make(), systemctl(), shown(), journal()

It writes to memory above the root, so that each boots as fresh as the first.
"""

import os
import subprocess
import tarfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.parts.system.debian import REPOSITORY, WHEELS

CHECKOUT = "/root/edged"  # inside
_PARTS = (
    *("edged", "systemd", "docs", "Makefile", "pyproject.toml"),
    *("README.md", "CHANGELOG.md", "LICENSE", "config.yaml"),
)
_BOOT_S = 90.0
_COMMAND_S = 180.0


def pack_checkout(archive: Path) -> None:
    """What an installation needs of this checkout, as a tar."""
    with tarfile.open(archive, "w") as packed:
        for part in _PARTS:
            packed.add(REPOSITORY / part, part, filter=lambda f: None if "__pycache__" in f.name else f)


class Container:
    """One container; ``with`` boots it, with the checkout inside, and powers it off."""

    def __init__(self, root: Path, log: Path) -> None:
        self._root = root
        self._log = log

    def __enter__(self) -> Self:
        # The unified hierarchy and bpf are what device rules need, which a container of systemd 252 has not by default.
        command = [
            "systemd-nspawn", "--quiet", "--boot", f"--directory={self._root}", "--volatile=overlay", "--register=no",
            "--keep-unit", "--capability=CAP_BPF", "--system-call-filter=bpf", "--hostname=edged-test",
            "--console=pipe",
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._nspawn = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            )
        try:
            self._init = self._booted()
            self.ran("mkdir", "-p", CHECKOUT)
            self._copy_checkout()
        except BaseException:
            self._power_off()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._power_off()

    def ran(self, *command: str, check: bool = True, given: str = "") -> subprocess.CompletedProcess[str]:
        """A command as root inside, run to its end, with ``given`` on its stdin."""
        done = self._run(*command, given=given)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def make(self, target: str) -> subprocess.CompletedProcess[str]:
        """``make`` in the checkout; pip finds the wheels of the root, and nothing else."""
        return self.ran(
            "env", "PIP_NO_INDEX=1", f"PIP_FIND_LINKS={WHEELS}", "make", "-C", CHECKOUT, "--no-print-directory", target
        )

    def write(self, path: str, content: str) -> None:
        """A file inside."""
        self.ran("sh", "-c", f"mkdir -p $(dirname {path}) && cat > {path}", given=content)

    def systemctl(self, *arguments: str, check: bool = True) -> str:
        """What ``systemctl`` says."""
        return self.ran("systemctl", *arguments, check=check).stdout.strip()

    def shown(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.systemctl("show", "--value", "-p", name, unit)

    def journal(self, unit: str) -> str:
        """Everything that the unit has logged."""
        return self.ran("journalctl", "--no-pager", "--output=cat", "-u", unit).stdout

    def _run(self, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["nsenter", "-t", str(self._init), "-m", "-p", "-i", "-u", "-n", "--", *command],
            check=False,
            capture_output=True,
            text=True,
            input=given,
            timeout=_COMMAND_S,
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        )

    def _booted(self) -> int:
        """The PID of the container's systemd as the host sees it, once it has started everything."""
        deadline_s = time.monotonic() + _BOOT_S
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        state = ""
        while time.monotonic() < deadline_s:
            if self._nspawn.poll() is not None:
                break
            if found := children.read_text().split():
                self._init = int(found[0])
                state = self._run("systemctl", "is-system-running", "--wait").stdout.strip()
                if state in {"running", "degraded"}:  # degraded: a unit that needs hardware, none of ours
                    return self._init
            time.sleep(0.1)  # between two looks, not instead of a condition
        raise RuntimeError(
            f"no systemd within {_BOOT_S:g} s ({state}): {self._log.read_text(errors='replace')[-2000:]}"
        )

    def _copy_checkout(self) -> None:
        archive = self._log.with_suffix(".tar")
        pack_checkout(archive)
        with archive.open("rb") as content:
            subprocess.run(
                ["nsenter", "-t", str(self._init), "-m", "--", "tar", "-C", CHECKOUT, "-xf", "-"],
                stdin=content,
                check=True,
                timeout=_COMMAND_S,
            )
        archive.unlink()

    def _power_off(self) -> None:
        self._nspawn.terminate()  # nspawn asks the container's systemd to power off …
        try:
            self._nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()  # … and takes it along where that hangs
            self._nspawn.wait(30)
