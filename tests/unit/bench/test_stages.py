"""Stages that `edged bench` measures: those that run, for every window."""

from pathlib import Path

import pytest

from edged.bench.heat import Heat, heat
from edged.bench.stages import MIN_WINDOWS, STAGES, measured
from edged.config.load import parse_config
from edged.host.metrics import throttling_of
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.models.trunk_bundles import trunk_bundle
from tests.parts.sound.speech import noise


def test_every_stage_of_every_window() -> None:
    """As many times by stage as windows, at least twenty, and the sum is that of a window; progress is reported."""
    seen: list[float] = []
    times = measured(parse_config("", "test"), load_bundle(DEFAULT_BUNDLE), noise(5.0), 0.0, seen.append)
    assert times.n_windows == MIN_WINDOWS == len(seen)
    assert {len(seconds) for seconds in times.seconds.values()} == {MIN_WINDOWS}
    assert tuple(times.seconds) == STAGES
    assert times.windows_s()[3] == pytest.approx(sum(seconds[3] for seconds in times.seconds.values()))
    assert sum(times.windows_s()) <= times.wall_s
    assert times.busy_s > 0
    assert (times.routing, times.gate) == ("soft", "model")
    assert seen == sorted(seen)


def test_bundle_with_a_trunk(tmp_path: Path) -> None:
    """Its trunk is a stage of its own that takes time."""
    times = measured(parse_config("gate: {kind: level}", "test"), trunk_bundle(tmp_path, "float"), noise(5.0), 0.0)
    assert times.gate == "level"
    assert min(times.seconds["trunk"]) > 0


@pytest.mark.parametrize(
    ("bits", "reasons"),
    [
        (0, []),
        (0b101, ["under_voltage", "throttled"]),
        (0x50000, ["under_voltage_before", "throttled_before"]),
        (0x50005, ["under_voltage", "throttled"]),
    ],
)
def test_throttling_bits(bits: int, reasons: list[str]) -> None:
    """As `vcgencmd get_throttled` prints them; what holds now is not named twice."""
    assert throttling_of(bits) == reasons
    assert Heat(50.0, reasons).throttled_now == [reason for reason in reasons if not reason.endswith("_before")]


@pytest.mark.parametrize(
    ("answer", "found"), [("throttled=0x50005", ["under_voltage", "throttled"]), ("VCHI initialization failed", None)]
)
def test_vcgencmd_is_asked(
    answer: str, found: list[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the kernel has no file for it; an answer that is none counts as not reported."""
    program = tmp_path / "vcgencmd"
    program.write_text(f"#!/bin/sh\necho '{answer}'\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("edged.bench.heat.throttling", lambda: None)
    assert heat().throttling == found
