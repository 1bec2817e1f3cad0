"""What .ci/setup imports for a target is among the packages that it installs for it."""

import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

_REPOSITORY = Path(__file__).parents[2]
_PROJECT = tomllib.loads((_REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Stands for the venv's Python: writes down what it is asked, and says that pointers have 8 bytes.
_PYTHON = '#!/bin/sh\nprintf "%s\\0" "$*" >>asked\ncase "$*" in *calcsize*) echo 8 ;; esac\n'


def packages(extras: list[str]) -> set[str]:
    """Names of what ``pip install .[extras]`` installs, without what these need in turn."""
    found = set()
    optional = _PROJECT["optional-dependencies"]
    for text in [*_PROJECT["dependencies"], *(one for extra in extras for one in optional[extra])]:
        requirement = Requirement(text)
        found |= packages(sorted(requirement.extras)) if requirement.name == "edged" else {requirement.name}
    return found


def asked(target: str, folder: Path) -> list[str]:
    """Arguments of each call of Python while ``.ci/setup target`` runs in an empty checkout."""
    (folder / ".ci").mkdir()
    shutil.copy(_REPOSITORY / ".ci" / "setup", folder / ".ci")
    programs = {".venv/bin/python": _PYTHON, "bin/apt-get": "#!/bin/sh\n", "bin/sudo": "#!/bin/sh\n"}
    for name, script in programs.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(script)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    path = f"{folder / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    subprocess.run([folder / ".ci" / "setup", target], check=True, capture_output=True, env={"PATH": path}, timeout=60)
    return (folder / "asked").read_text().split("\0")


@pytest.mark.parametrize("target", ["run", "demo", "check", "test", "bench", "fuzz", "convert", "cluster"])
def test_imports_are_installed(target: str, tmp_path: Path) -> None:
    """A module that setup imports is Python's own or of a package that the target installs."""
    calls = asked(target, tmp_path)
    extras = next(match[1] for call in calls if (match := re.search(r"-e \.\[(.+)\]", call))).split(",")
    imports = ",".join(re.findall(r"^-c import ([\w, ]+)", "\n".join(calls), re.MULTILINE))
    modules = {name.strip() for name in imports.split(",")}
    assert modules <= packages(extras) | sys.stdlib_module_names
    assert (tmp_path / ".venv" / f".set-up-{target}").exists()
