"""Debian root with all dependencies of an installation, made once and cached under build/.

    debootstrap ──► build/<suite>-<architecture> ◄──its own pip── wheels of what pyproject.toml asks for

Making it takes minutes and the network; using it needs neither.  The suite is $SUITE, by default bookworm (Debian 12,
as in Raspberry Pi OS of 2023).
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
WHEELS = "/wheels"  # path inside
_MIRROR = "http://deb.debian.org/debian"
_PACKAGES = "ca-certificates,dbus,libasound2-plugins,libportaudio2,make,python3,python3-venv,systemd,systemd-sysv"
_MAX_S = 1800.0  # per command, emulated ones included


def debian_root(architecture: str) -> Path:
    """Folder of the root, made if missing."""
    suite = os.environ.get("SUITE") or "bookworm"
    root = REPOSITORY / "build" / f"{suite}-{architecture}"
    if not (root / "made").exists():
        for name in ("proc", "sys"):  # debootstrap that was stopped leaves them mounted: never remove what is in them
            subprocess.run(["umount", "--quiet", "--recursive", root / name], check=False, capture_output=True)
        shutil.rmtree(root, ignore_errors=True)
        root.parent.mkdir(exist_ok=True)
        options = ["--variant=minbase", f"--arch={architecture}", f"--include={_PACKAGES}"]
        subprocess.run(["debootstrap", *options, suite, root, _MIRROR], check=True, timeout=_MAX_S)
        (root / "made").touch()
    _fetch_wheels(root)
    return root


def in_root(root: Path, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run a command in ``root`` with the host's network and pip settings."""
    environment = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "http", "HTTP"))}
    environment |= {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["chroot", root, *command], check=False, capture_output=True, text=True, timeout=_MAX_S, env=environment
    )
    assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


def _fetch_wheels(root: Path) -> None:
    """Download wheels with the root's own Python, so they match its version and architecture."""
    requirements_hash = hashlib.sha256((REPOSITORY / "pyproject.toml").read_bytes()).hexdigest()
    stamp = root / "wheels" / "of"
    if stamp.exists() and stamp.read_text() == requirements_hash:
        return
    shutil.rmtree(root / "wheels", ignore_errors=True)
    source = root / "root" / "source"
    (source / "edged").mkdir(parents=True, exist_ok=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    shutil.copy("/etc/resolv.conf", root / "etc")
    # The CA of a proxy is in the host's list, if anywhere.
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", root / "etc" / "ssl" / "certs")
    in_root(root, "python3", "-m", "venv", "--clear", "/root/fetch")
    packages = ["setuptools>=77", "wheel", "/root/source[litert,prometheus]"]
    in_root(root, "/root/fetch/bin/python", "-m", "pip", "download", "--quiet", "-d", WHEELS, *packages)
    for folder in ("fetch", "source"):
        shutil.rmtree(root / "root" / folder)
    stamp.write_text(requirements_hash)
