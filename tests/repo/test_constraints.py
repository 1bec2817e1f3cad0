"""Pinned versions: .ci/constraints.txt has a matching version of each package in pyproject.toml."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

_REPOSITORY = Path(__file__).parents[2]
_PROJECT = tomllib.loads((_REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_REQUIREMENTS = [
    Requirement(text)
    for group in (_PROJECT["dependencies"], *_PROJECT["optional-dependencies"].values())
    for text in group
]
_PINS = [
    Requirement(line)
    for line in (_REPOSITORY / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
_PLATFORMS = [
    {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "platform_machine": machine,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "extra": "",
    }
    for python in ("3.11", "3.12", "3.13", "3.14")
    for machine in ("x86_64", "aarch64")
]


def pinned(name: str, platform: dict[str, str]) -> list[str]:
    """The versions of a package that apply on ``platform``."""
    canonical = name.lower().replace("_", "-")
    return [
        next(iter(pin.specifier)).version
        for pin in _PINS
        if pin.name.lower().replace("_", "-") == canonical and (pin.marker is None or pin.marker.evaluate(platform))
    ]


@pytest.mark.parametrize("platform", _PLATFORMS, ids=lambda one: f"{one['python_version']}-{one['platform_machine']}")
def test_every_requirement_is_pinned(platform: dict[str, str]) -> None:
    """Every requirement has exactly one matching pin; run `make lock` after a change of pyproject.toml."""
    for requirement in _REQUIREMENTS:
        if requirement.name == "edged" or (requirement.marker and not requirement.marker.evaluate(platform)):
            continue
        versions = pinned(requirement.name, platform)
        assert len(versions) == 1, f"{requirement}: {versions} in .ci/constraints.txt, expected one version: make lock"
        assert requirement.specifier.contains(versions[0], prereleases=True), f"{requirement}: pinned {versions[0]}"


def test_pins_are_exact() -> None:
    """A range is no pin."""
    assert [str(pin) for pin in _PINS if [one.operator for one in pin.specifier] != ["=="]] == []
