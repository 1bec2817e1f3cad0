"""Speed and size, printed for people; no test asserts them, since machines differ.

    python -m tests.tools.bench        (or: make bench)

Nothing is pinned to a core: the programs run as for a user, and spinning threads would show.  Speed is that of
`edged replay --speed max` over minutes of the demo conversation, as the difference between a long and a short run, so
start-up does not count.  It uses the CPU time of all threads, so other load hardly matters.
The daemon is a real `edged run` that records the same conversation from a virtual microphone, without a broker.
`bench_calls` analyses an hour's call.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from edged.demo.sample import SAMPLE
from edged.models.interpreter import installed_runtimes
from tests.parts.sound.pulse import VirtualMicrophone
from tests.tools import hub_bench
from tests.tools.bench_calls import calls_line

_SHORT_S, _LONG_S = 60, 660
_LISTEN_S = 20
# One runtime at a time: the other one is made unimportable.
_ONLY = "import sys; sys.modules[{other!r}] = None; from edged.cli.main import main; sys.exit(main(sys.argv[1:]))"
_OTHER = {"ai-edge-litert": "tflite_runtime", "tflite-runtime": "ai_edge_litert"}


class Replay(NamedTuple):
    """One run of `edged replay`."""

    busy_s: float  # CPU time of all threads
    resident_mb: float
    n_windows: int
    n_speech: int


def main() -> None:
    """Print all results."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short, long = (_speech(folder, duration_s) for duration_s in (_SHORT_S, _LONG_S))
        print(f"{'replay':<18} {'routing':<8} {'times real time':>15} {'start-up s':>11} {'peak MB':>8} speech")
        for runtime, routing in product(installed_runtimes(), ("hard", "soft")):
            few, many = (_replay(folder, file, runtime, routing) for file in (short, long))
            speed = (_LONG_S - _SHORT_S) / (many.busy_s - few.busy_s)
            start_s = few.busy_s - _SHORT_S / speed
            speech = f"{many.n_speech} of {many.n_windows} windows"
            print(f"{runtime:<18} {routing:<8} {speed:>15.0f} {start_s:>11.2f} {many.resident_mb:>8.1f} {speech}")
        print(calls_line(folder))
    print(_daemon())
    hub_bench.main()


def _speech(folder: Path, duration_s: int) -> Path:
    """The conversation repeated to this length."""
    samples, rate_hz = soundfile.read(SAMPLE, dtype="int16")
    file = folder / f"{duration_s}.wav"
    soundfile.write(file, np.resize(samples, duration_s * rate_hz), rate_hz)
    return file


def _replay(folder: Path, file: Path, runtime: str, routing: str) -> Replay:
    config = folder / "config.yaml"
    config.write_text(f"models: {{routing: {routing}}}\nlog_level: error\n", encoding="utf-8")
    script = _ONLY.format(other=_OTHER[runtime])
    command = [sys.executable, "-c", script, "replay", "--config", str(config), "--jsonl", str(file)]
    with (folder / "lines").open("w+b") as lines:
        running = subprocess.Popen(command, stdout=lines)
        # wait4 reports the peak memory of this child; Popen.wait does not.
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode:
            sys.exit(f"replay ended with {running.returncode}")
        lines.seek(0)
        windows = [line for line in lines if b'"type":"window"' in line]
    n_speech = sum(b'"speech":true' in line for line in windows)
    return Replay(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, len(windows), n_speech)


def _daemon() -> str:
    """One line about `edged run` after it has listened for a while."""
    if shutil.which("pulseaudio") is None:
        return "edged run: not measured, needs pulseaudio for its virtual microphone"
    with VirtualMicrophone() as microphone:
        command = [sys.executable, "-m", "edged", "run"]
        running = subprocess.Popen(command, env=microphone.environment, stderr=subprocess.DEVNULL)
        try:
            microphone.play(SAMPLE)
            before_s = _busy_s(running.pid)
            time.sleep(_LISTEN_S)  # the measurement needs time to pass
            if running.poll() is not None:
                return f"edged run: ended with {running.returncode}"
            after_s = _busy_s(running.pid)
            megabytes = {name: kilobytes / 1024 for name, kilobytes in _memory_kb(running.pid)}
        finally:
            running.terminate()
            running.wait(10)
    load = (after_s - before_s) / _LISTEN_S
    return (
        f"edged run, listening to speech for {_LISTEN_S} s: {megabytes['VmRSS']:.1f} MB resident,"
        f" peak {megabytes['VmHWM']:.1f} MB, {load:.1%} of one core, start-up included"
    )


def _busy_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_kb(pid: int) -> Iterator[tuple[str, int]]:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("Vm"):
            yield line.split(":")[0], int(line.split()[1])


if __name__ == "__main__":
    main()
