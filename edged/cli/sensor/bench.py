"""``edged bench``: how fast this device runs the pipeline, stage by stage, and the shortest stride that is safe here.

demo's speech ─► stages, for some seconds ─► StageTimes ─► verdict ─► a table and a sentence, or JSON
"""

import argparse
import platform
import sys

import msgspec
import numpy as np

from edged.audio.recording import Recording
from edged.bench.heat import Heat, heat
from edged.bench.stages import StageTimes, measured
from edged.bench.verdict import Spread, Verdict, spread, verdict
from edged.cli.bundle import prepared
from edged.cli.config_file import config_file
from edged.cli.screen import GREEN, RED, YELLOW, coloured, wrapped
from edged.cli.sensor.json_lines import print_line
from edged.cli.sensor.progress import Progress
from edged.config.structs import Config
from edged.demo.sample import SAMPLE
from edged.errors import counted
from edged.features.logmel import Floats
from edged.host.metrics import available_mb, hardware, proportional_mb, resident_mb, versions
from edged.models.bundle import Bundle
from edged.models.interpreter import installed_runtimes

_SECONDS, _MIN_SECONDS, _MAX_SECONDS = 10.0, 1.0, 3600.0
_COLOURS = {"light": GREEN, "fits": GREEN, "tight": YELLOW, "too_slow": RED}
_BUSY = 0.9  # of a core: with less, other programs were busy too
_NO_TIME_MS = 0.01  # a stage that takes less does not exist here

_DESCRIPTION = """\
Run speech through the whole pipeline as fast as this device can, without a microphone and without a broker, and say
what that means for live sound. Stop the daemon first: everything else that runs slows the measurement.
"""
_EXAMPLES = """\
examples:
  edged bench
  edged bench --seconds 600        until the board is as hot as it gets
  edged bench --json | jq .verdict
"""


class BenchReport(msgspec.Struct, frozen=True, kw_only=True):
    """What ``--json`` prints."""

    hardware: str | None
    machine: str  # processor architecture
    versions: dict[str, str]
    bundle: str
    routing: str
    runtime: str
    gate: str
    threads: int
    stride_s: float
    seconds: float
    windows: int
    stages: dict[str, Spread]
    window: Spread  # all stages of a window
    real_time_factor: float  # mean time of a window over the stride
    cores: float  # CPU time of all threads over the time: above 1, several cores were busy
    resident_mb: float
    proportional_mb: float | None
    available_mb: float | None
    before: Heat
    after: Heat
    verdict: Verdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For how long, and the output format."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "--seconds", type=_seconds, default=_SECONDS, metavar="S", help=f"measure this long (default: {_SECONDS:g})"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Measure, and print the report."""
    config, bundle = prepared(config_file(arguments))
    before, speech = heat(), _speech(config)
    with Progress(sys.stderr, "edged bench") as progress:
        times = measured(
            config, bundle, speech, arguments.seconds, lambda done_s: progress.show(done_s, arguments.seconds)
        )
    report = report_of(config, bundle, times, before, heat())
    if arguments.json:
        print_line(report)
    else:
        print("\n".join(lines(report)))
    return 0


def report_of(config: Config, bundle: Bundle, times: StageTimes, before: Heat, after: Heat) -> BenchReport:
    """The figures of ``times``, and what they mean."""
    stride_s, windows_s = config.models.stride_s, times.windows_s()
    stages = {stage: spread(seconds) for stage, seconds in times.seconds.items()}
    stages = {stage: one for stage, one in stages.items() if one.p95_ms >= _NO_TIME_MS}
    window = spread(windows_s)
    available = available_mb()
    return BenchReport(
        hardware=hardware(),
        machine=platform.machine(),
        versions=versions(times.runtime),
        bundle=bundle.title,
        routing=times.routing,
        runtime=times.runtime,
        gate=times.gate,
        threads=config.models.threads,
        stride_s=stride_s,
        seconds=round(times.wall_s, 1),
        windows=times.n_windows,
        stages=stages,
        window=window,
        real_time_factor=round(float(np.mean(windows_s)) / stride_s, 4),
        cores=round(times.busy_s / times.wall_s, 2),
        resident_mb=round(resident_mb(), 1),
        proportional_mb=None if (pss := proportional_mb()) is None else round(pss, 1),
        available_mb=None if available is None else round(available, 1),
        before=before,
        after=after,
        verdict=verdict(stages, window, stride_s, _advice(bundle, times)),
    )


def lines(report: BenchReport) -> list[str]:
    """For people."""
    found = report.verdict
    memory = f"{report.resident_mb:.0f} MB resident"
    if report.proportional_mb is not None:
        memory += f", {report.proportional_mb:.0f} MB with shared pages counted in proportion"
    if report.available_mb is not None:
        memory += f"; {report.available_mb:,.0f} MB are available"
    head = [
        ("device", f"{report.hardware or 'this machine'}, {report.machine}, Python {report.versions['python']}"),
        ("models", f"bundle {report.bundle}, routing {report.routing}, {report.gate} gate, {report.threads} thread(s)"),
        ("runtime", f"{report.runtime} {report.versions.get(report.runtime, '')}".strip()),
        ("measured", f"{counted(report.windows, 'window')} of speech in {report.seconds:g} s"),
    ]
    table = [f"{'ms a window':<13} {'p50':>8} {'p95':>8} {'max':>8}"]
    for name, one in [*report.stages.items(), ("all", report.window)]:
        table.append(f"  {name:<11} {one.p50_ms:>8.2f} {one.p95_ms:>8.2f} {one.max_ms:>8.2f}")
    factor = report.real_time_factor
    speed = f"{1 / factor:,.0f} times real time" if factor else ""
    tail = [
        ("speed", f"{speed}: {factor:.4f} s per second of sound, {report.cores:.2f} cores busy"),
        ("memory", memory),
        ("heat", _heat_words(report)),
        ("stride", _stride_words(report)),
    ]
    said = wrapped(f"edged {found.text}.{_doubt(report)}", sys.stdout)
    return [*_rows(head), "", *table, "", *_rows(tail), "", coloured(said, _COLOURS[found.word], sys.stdout)]


def _rows(rows: list[tuple[str, str]]) -> list[str]:
    return [wrapped(f"{name:<13} {text}", sys.stdout, 14) for name, text in rows]


def _stride_words(report: BenchReport) -> str:
    safe = report.verdict.safe_stride_s
    shortest = "none is safe here" if safe is None else f"{safe:g} s is the shortest that is safe here"
    return f"{report.stride_s:g} s in the config; {shortest}"


def _heat_words(report: BenchReport) -> str:
    before, after = report.before.temperature_c, report.after.temperature_c
    warm = "no thermometer" if before is None or after is None else f"{before:.0f} °C before, {after:.0f} °C after"
    reasons = report.after.throttling
    if reasons is None:
        return f"{warm}; throttling is not reported"
    return f"{warm}; {'throttling: ' + ', '.join(reasons) if reasons else 'never throttled since the boot'}"


def _doubt(report: BenchReport) -> str:
    """Why the measurement may be too slow, in words; empty if nothing is wrong."""
    reasons, doubts = report.after.throttled_now or report.before.throttled_now, ""
    if reasons:
        doubts += f" It was throttled during the measurement ({', '.join(reasons)}): cool it, or give it more power."
    if report.cores < _BUSY:
        doubts += " Other programs were busy, perhaps the daemon: stop them."
    return f"{doubts} Then measure again." if doubts else ""


def _advice(bundle: Bundle, times: StageTimes) -> list[str]:
    advice = []
    if bundle.path.name == "large":
        advice.append("models.bundle to small")
    if times.routing == "soft" and len(bundle.manifest.models) > 1 and bundle.manifest.trunk is None:
        advice.append("models.routing to hard")
    if "ai-edge-litert" not in installed_runtimes() and platform.machine() == "x86_64":
        advice.append("install ai-edge-litert, which is faster on x86")
    return advice


def _speech(config: Config) -> Floats:
    """The demo's conversation."""
    pieces = []
    with Recording(SAMPLE, audio=config.audio) as recording:
        while not recording.ended:
            chunk = recording.read(1.0)
            if chunk is not None:
                pieces.append(chunk.samples)
    return np.concatenate(pieces)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not _MIN_SECONDS <= seconds <= _MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r}, expected {_MIN_SECONDS:g} to {_MAX_SECONDS:g} seconds")
    return seconds
