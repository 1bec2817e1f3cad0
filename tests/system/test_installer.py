"""The installer in a folder that stands for the root of a machine: which installation it updates and removes.

systemd/install.sh ──its paths below the test's folder, id and apt-get replaced──► what it deletes, keeps and says
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.parts.system.program import REPOSITORY

_PATHS = ("/etc/", "/usr/local/", "/opt/edged", "/run/systemd")
_OURS = ("venv/bin/edged", "docs/index.md", "README.md", "CHANGELOG.md", "LICENSE", "config.yaml")
_PROGRAMS = {
    "id": "echo 0",
    "ldconfig": "echo libportaudio.so.2",
    "dpkg": "echo amd64",
    "apt-get": "exit 1",
    "systemctl": "exit 1",
    "python3": '[ "$1" = -c ]',  # its version is right, and it can make no environment
}


class Machine:
    """A root folder with the installer, and the programs that the installer would change the real machine with."""

    def __init__(self, root: Path) -> None:
        self.root = root
        text = (REPOSITORY / "systemd" / "install.sh").read_text(encoding="utf-8")
        for path in _PATHS:
            text = text.replace(path, f"{root}{path}")
        text = text.replace("^/(home|", f"^{root}/(home|")  # the test's own folder is below one
        self.script = self._written("checkout/systemd/install.sh", text)
        for name, does in _PROGRAMS.items():
            self._written(f"programs/{name}", f"#!/bin/sh\n{does}\n").chmod(0o755)

    def installed(self, prefix: str) -> Path:
        """The files of an installation at ``prefix``, and its unit."""
        for name in _OURS:
            self._written(f"{prefix}/{name}")
        unit = (REPOSITORY / "systemd" / "edged.service").read_text(encoding="utf-8")
        self._written("etc/systemd/system/edged.service", unit.replace("/opt/edged", f"{self.root}/{prefix}"))
        return self.root / prefix

    def run(self, action: str, prefix: Path | None = None) -> subprocess.CompletedProcess[str]:
        """The installer, as ``make`` runs it."""
        bash = shutil.which("bash")
        assert bash is not None
        return subprocess.run(
            [bash, self.script, action],
            env={"PATH": f"{self.root}/programs:/usr/bin:/bin", "PREFIX": str(prefix or "")},
            check=False,
            capture_output=True,
            text=True,
        )

    def _written(self, name: str, text: str = "") -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without edged."""
    return Machine(tmp_path)


def test_uninstall_finds_the_folder(machine: Machine) -> None:
    """Without PREFIX it is that of the unit: nothing is left of it, nor of the unit."""
    prefix = machine.installed("srv/edged")
    done = machine.run("uninstall")
    assert done.returncode == 0, done.stderr
    assert not prefix.exists()
    assert not (machine.root / "etc/systemd/system/edged.service").exists()
    assert done.stderr.splitlines() == [
        f"edged is uninstalled; {machine.root}/etc/edged, /var/lib/edged and the user edged remain"
    ]


def test_uninstall_names_what_it_leaves(machine: Machine) -> None:
    """A file that is not ours stays with its folder; so does an installation elsewhere than PREFIX says."""
    prefix = machine.installed("srv/edged")
    (prefix / "notes.txt").touch()
    other = machine.run("uninstall", machine.root / "opt/edged")
    assert f"the program in {prefix}/venv remains" in other.stderr
    assert (prefix / "venv/bin/edged").exists()
    machine.installed("srv/edged")
    done = machine.run("uninstall")
    assert f"{prefix} remains: it has files that are not edged's" in done.stderr
    assert [one.name for one in prefix.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("named", [False, True])
def test_sources_are_never_deleted(machine: Machine, *, named: bool) -> None:
    """A unit by hand runs the program of a checkout, or PREFIX names one: its docs and README stay."""
    checkout = machine.installed("srv/edged")
    (checkout / "pyproject.toml").touch()
    done = machine.run("uninstall", checkout if named else None)
    assert [name for name in _OURS if not (checkout / name).exists()] == []
    assert ("which holds the sources" if named else f"the program in {checkout}/venv remains") in done.stderr
    assert done.returncode == named


def test_install_updates_the_folder(machine: Machine) -> None:
    """Without PREFIX it is that of the unit if the service can read it, else the usual one."""
    machine.installed("srv/edged")
    for prefix, expected in (("srv/edged", "srv/edged"), ("home/pi/edged", "opt/edged")):
        shutil.rmtree(machine.installed(prefix) / "venv")
        assert f"program to {machine.root}/{expected}/venv" in machine.run("install").stderr.splitlines()
