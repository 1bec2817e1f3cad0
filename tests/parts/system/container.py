"""A Debian 12 that boots its own systemd in a container; it shares only the network with the host.

    debian.debian_root() ──systemd-nspawn──► Container: run(), make(), systemctl(), unit_property(), journal()

Writes go to memory above the root, so every boot is fresh.
"""

import os
import subprocess
import tarfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.parts.system.debian import REPOSITORY, WHEELS

CHECKOUT = "/root/edged"  # path inside
_PARTS = (
    *("edged", "systemd", "docs", "Makefile", "pyproject.toml"),
    *("README.md", "CHANGELOG.md", "LICENSE", "config.yaml"),
)
_BOOT_S = 90.0
_COMMAND_S = 900.0  # make install of a loaded machine


def pack_checkout(archive: Path) -> None:
    """Pack what an installation needs from this checkout into a tar file."""
    with tarfile.open(archive, "w") as packed:
        for part in _PARTS:
            packed.add(REPOSITORY / part, part, filter=lambda f: None if "__pycache__" in f.name else f)


class Container:
    """One container; ``with`` boots it with the checkout inside, and powers it off."""

    def __init__(self, root: Path, log: Path) -> None:
        self._root = root
        self._log = log

    def __enter__(self) -> Self:
        # Device rules need the unified cgroup hierarchy and bpf; a container of systemd 252 has neither by default.
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
            self.run("mkdir", "-p", CHECKOUT)
            self._copy_checkout()
        except BaseException:
            self._power_off()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._power_off()

    def run(self, *command: str, check: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as root inside to its end, with ``stdin``."""
        done = self._execute(*command, stdin=stdin)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``make`` in the checkout; pip finds only the wheels of the root."""
        return self.run(
            "env",
            "PIP_NO_INDEX=1",
            f"PIP_FIND_LINKS={WHEELS}",
            "make",
            "-C",
            CHECKOUT,
            "--no-print-directory",
            *arguments,
        )

    def write(self, path: str, content: str) -> None:
        """Write a file inside."""
        self.run("sh", "-c", f"mkdir -p $(dirname {path}) && cat > {path}", stdin=content)

    def systemctl(self, *arguments: str, check: bool = True) -> str:
        """Output of ``systemctl``."""
        return self.run("systemctl", *arguments, check=check).stdout.strip()

    def unit_property(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.systemctl("show", "--value", "-p", name, unit)

    def journal(self, unit: str) -> str:
        """Everything that the unit has logged."""
        return self.run("journalctl", "--no-pager", "--output=cat", "-u", unit).stdout

    def _execute(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["nsenter", "-t", str(self._init), "-m", "-p", "-i", "-u", "-n", "--", *command],
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            timeout=_COMMAND_S,
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        )

    def _booted(self) -> int:
        """Host PID of the container's systemd, once booted."""
        deadline_s = time.monotonic() + _BOOT_S
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        state = ""
        while time.monotonic() < deadline_s:
            if self._nspawn.poll() is not None:
                break
            if pids := children.read_text().split():
                self._init = int(pids[0])
                state = self._execute("systemctl", "is-system-running", "--wait").stdout.strip()
                if state in {"running", "degraded"}:  # degraded: a unit that needs hardware, not one of ours
                    return self._init
            time.sleep(0.1)  # poll interval
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
            self._nspawn.kill()  # … and kills it if that hangs
            self._nspawn.wait(30)
