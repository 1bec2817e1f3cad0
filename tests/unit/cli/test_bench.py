"""`edged bench`: a report for people and one for programs; no time is asserted."""

import json
import re
import sys

import pytest
from msgspec.structs import replace

from edged.bench.heat import Heat
from edged.bench.stages import STAGES
from edged.bench.verdict import Spread, Verdict
from edged.cli.sensor.bench import BenchReport, lines
from tests.parts.system.program import edged

_MS = Spread(1.0, 2.0, 3.0)
_REPORT = BenchReport(
    hardware="Raspberry Pi 4 Model B Rev 1.4",
    machine="aarch64",
    versions={"python": "3.11.2", "tflite-runtime": "2.14.0"},
    bundle="small 0.1.0",
    routing="soft",
    runtime="tflite-runtime",
    gate="model",
    threads=1,
    stride_s=0.496,
    seconds=10.0,
    windows=400,
    stages={"features": _MS, "models": _MS},
    window=_MS,
    real_time_factor=0.002,
    cores=1.0,
    resident_mb=60.0,
    proportional_mb=50.4,
    available_mb=3500.0,
    before=Heat(45.0, []),
    after=Heat(61.2, []),
    verdict=Verdict("light", 0.004, 0.016, "runs easily here"),
)


def test_json_has_every_figure() -> None:
    """One object on stdout, nothing on stderr."""
    done = edged("bench", "--seconds", "1", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert set(report) == set(BenchReport.__struct_fields__)
    assert set(report["stages"]) <= set(STAGES)
    assert {"features", "models", "gate"} <= set(report["stages"])
    assert report["window"]["max_ms"] >= report["window"]["p95_ms"] >= report["window"]["p50_ms"] > 0
    assert report["windows"] >= 20
    assert report["verdict"]["word"] in {"light", "fits", "tight", "too_slow"}


def test_lines_for_people() -> None:
    """Device, table, memory, heat, stride and the verdict at the end."""
    text = "\n".join(lines(_REPORT))
    assert "Raspberry Pi 4 Model B Rev 1.4, aarch64, Python 3.11.2" in text
    assert re.search(r"models +1\.00 +2\.00 +3\.00\n", text)
    assert "500 times real time" in text
    assert "60 MB resident, 50 MB with shared pages counted in proportion; 3,500 MB are available" in text
    assert "45 °C before, 61 °C after; never throttled since the boot" in text
    assert "0.496 s in the config; 0.016 s is the shortest that is safe here" in text
    assert lines(_REPORT)[-1] == "edged runs easily here."


def test_doubts_are_named() -> None:
    """A throttled board and other programs make the figures worse than they are."""
    hot = replace(_REPORT, after=Heat(84.0, ["throttled", "under_voltage_before"]), cores=0.4)
    assert lines(hot)[-1] == (
        "edged runs easily here. It was throttled during the measurement (throttled): cool it, or give it more power."
        " Other programs were busy, perhaps the daemon: stop them. Then measure again."
    )
    unknown = replace(_REPORT, before=Heat(None, None), after=Heat(None, None), proportional_mb=None)
    assert "no thermometer; throttling is not reported" in "\n".join(lines(unknown))
    none = replace(_REPORT, verdict=Verdict("too_slow", 3.0, None, "is too slow here"))
    assert "none is safe here" in "\n".join(lines(none))


@pytest.mark.parametrize("seconds", ["0", "x", "4000"])
def test_seconds_out_of_range_are_wrong_usage(seconds: str) -> None:
    """With the range."""
    done = edged("bench", "--seconds", seconds)
    assert done.returncode == 64
    assert "expected 1 to 3600 seconds" in done.stderr


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """And erased before the report."""
    from edged.cli.main import main  # noqa: PLC0415 -- in this process, for the terminal

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("edged.cli.sensor.progress._DELAY_S", 0.0)
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _self: True)
    monkeypatch.setattr("edged.cli.terminal.prepare", lambda: None)
    assert main(["bench", "--seconds", "1"]) == 0
    shown = capsys.readouterr()
    assert "edged bench" in shown.err
    assert shown.err.endswith("\r\x1b[K")
    assert "ms a window" in shown.out
