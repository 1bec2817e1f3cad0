"""Setup installs what it imports for a target, and a compiler for a target that compiles."""

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
# Stands for Debian's Python: its headers are a package of their own.
_PYTHON_OF_DEBIAN = '#!/bin/sh\ncase "$*" in *Python.h*) exit 1 ;; esac\n'
_PROGRAMS = {
    ".venv/bin/python": _PYTHON,
    ".venv-homeassistant/bin/python": _PYTHON,
    "bin/python3.13": _PYTHON_OF_DEBIAN,
    "bin/apt-get": '#!/bin/sh\nprintf "%s\\n" "$@" >>apt\n',
    "bin/sudo": '#!/bin/sh\nshift\n"$@"\n',
}


def packages(extras: list[str]) -> set[str]:
    """Names of what ``pip install .[extras]`` installs, without what these need in turn."""
    found = set()
    optional = _PROJECT["optional-dependencies"]
    for text in [*_PROJECT["dependencies"], *(one for extra in extras for one in optional[extra])]:
        requirement = Requirement(text)
        found |= packages(sorted(requirement.extras)) if requirement.name == "edged" else {requirement.name}
    return found


def set_up(target: str, folder: Path, path: str) -> None:
    """Run ``.ci/setup target`` in an empty checkout; the programs that install leave ``asked`` and ``apt``."""
    (folder / ".ci").mkdir()
    shutil.copy(_REPOSITORY / ".ci" / "setup", folder / ".ci")
    for name, script in _PROGRAMS.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(script)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    environment = {"PATH": f"{folder / 'bin'}:{path}"}
    subprocess.run([folder / ".ci" / "setup", target], check=True, capture_output=True, env=environment, timeout=60)
    assert (folder / ".venv" / f".set-up-{target}").exists()


@pytest.mark.parametrize("target", ["run", "demo", "check", "test", "bench", "fuzz", "convert", "cluster"])
def test_imports_are_installed(target: str, tmp_path: Path) -> None:
    """A module that setup imports is Python's own or of a package that the target installs."""
    set_up(target, tmp_path, "/usr/local/bin:/usr/bin:/bin")
    calls = (tmp_path / "asked").read_text().split("\0")
    extras = next(match[1] for call in calls if (match := re.search(r"-e \.\[(.+)\]", call))).split(",")
    imports = ",".join(re.findall(r"^-c import ([\w, ]+)", "\n".join(calls), re.MULTILINE))
    modules = {name.strip() for name in imports.split(",")}
    assert modules <= packages(extras) | sys.stdlib_module_names


def test_compiler_is_installed_for_home_assistant(tmp_path: Path) -> None:
    """Home Assistant compiles packages in C and C++, on a Debian that came with neither compiler nor headers."""
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("bash", "cat", "dirname", "env", "grep", "id", "touch", "tr"):
        found = shutil.which(name)
        assert found
        (bare / name).symlink_to(found)
    set_up("homeassistant", tmp_path, str(bare))
    assert {"g++", "libc6-dev", "python3.13-dev"} <= set((tmp_path / "apt").read_text().split())
