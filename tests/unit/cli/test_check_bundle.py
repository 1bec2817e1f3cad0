"""What ``edged check`` says of the bundle that ``auto`` chooses: one measurement, its reason, and where it stays."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from edged.config.structs import Config, Models
from edged.host.instance_lock import InstanceLock
from edged.host.state_dir import owns_state_folder
from edged.models.bundle import BUNDLES, load_bundle
from edged.models.cascade import preferred_runtime
from edged.pipeline.bundles import choice
from edged.pipeline.bundles.choice import NAME, Timing, choice_for
from tests.unit.cli.test_check import NODE, checked

_AUTO = "models: {bundle: auto}"
_STORED = "measured now and stored"


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A device that becomes slower with each measurement: ms of a window of `large`, as they were measured."""
    taken: list[float] = []

    def slower(*_: object) -> Timing:
        taken.append(50.0 if not taken else 400.0)
        return Timing(preferred_runtime(), "soft", taken[-1])

    monkeypatch.setattr(choice, "timed", slower)
    monkeypatch.setattr(choice, "available_mb", lambda: 500.0)
    return taken


def line_of(lines: list[str], part: str) -> str:
    """The line of ``part``."""
    return next(line for line in lines if line.startswith(f"{part} "))


def reason(window_ms: float, when: str) -> str:
    """The words for a measurement with a stride of 0.496 s."""
    return (
        f"; auto: a window of large takes {window_ms:.1f} ms with {preferred_runtime()}, {window_ms / 4.96:.0f} % of"
        f" the stride, with 500 MB of memory available; at most 25 % and at least 150 MB are needed; {when}"
    )


def test_choice_and_reason_are_of_one_measurement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measurements: list[float]
) -> None:
    """Recorded calls with ``auto`` have the same; a folder that is not there is not made."""
    lines = checked(tmp_path, capsys, f"{_AUTO}\ncalls: {{bundle: auto}}")
    title = load_bundle(BUNDLES / "large").title
    assert line_of(lines, "bundle") == f"bundle OK {title}, a trunk and 5 models" + reason(50, "measured now")
    assert line_of(lines, "calls").startswith(f"calls OK {title}, scored by angry 1, ")
    assert line_of(lines, "calls").endswith(reason(50, "measured now"))
    assert measurements == [50]
    assert not (tmp_path / "state").exists()


def test_installation_measures_for_the_daemon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measurements: list[float]
) -> None:
    """In the user's own folder it is stored: the daemon's start, and the next check, take what was said."""
    (tmp_path / "state").mkdir()
    assert line_of(checked(tmp_path, capsys, _AUTO), "bundle").endswith(reason(50, _STORED))
    of_daemon = choice_for(Config(models=Models(bundle="auto"), state_dir=str(tmp_path / "state")), keep=True)
    assert of_daemon.path.name == "large"
    assert line_of(checked(tmp_path, capsys, _AUTO), "bundle").endswith(reason(50, "measured before"))
    assert measurements == [50]


def test_nothing_is_stored_beside_a_daemon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measurements: list[float]
) -> None:
    """What it stored itself would be lost where the check has another config."""
    (tmp_path / "state").mkdir()
    with InstanceLock(NODE, "edged", 1883):
        lines = checked(tmp_path, capsys, f"{_AUTO}\nnode: {NODE}", 1883)
    assert line_of(lines, "bundle").endswith(reason(50, "measured now"))
    assert measurements == [50]
    assert not (tmp_path / "state" / NAME).exists()


def test_nothing_is_stored_for_another_user(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, measurements: list[float]
) -> None:
    """Root's file in the service's folder could not be replaced by the service."""
    (tmp_path / "state").mkdir()
    monkeypatch.setattr("edged.host.state_dir.os", SimpleNamespace(geteuid=lambda: os.geteuid() + 1, environ={}))
    assert line_of(checked(tmp_path, capsys, _AUTO), "bundle").endswith(reason(50, "measured now"))
    assert measurements == [50]
    assert not (tmp_path / "state" / NAME).exists()
    assert not owns_state_folder(str(tmp_path / "state"))


def test_folder_that_takes_no_file_fails_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measurements: list[float]
) -> None:
    """The bundle is chosen all the same, and the line does not say that it was stored."""
    (tmp_path / "state" / f"{NAME}.new").mkdir(parents=True)
    assert line_of(checked(tmp_path, capsys, _AUTO), "bundle").endswith(reason(50, "measured now"))
    assert measurements == [50]
