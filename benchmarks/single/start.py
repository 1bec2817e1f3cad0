"""How long ``edged run`` takes to READY, and ``edged --help`` to its end, in turn.

process start ──edged run, virtual microphone, mosquitto──► READY=1      process start ──edged --help──► exit
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.daemon import lacking, running
from benchmarks.result import Outcome, spread
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program
from tests.parts.sound.pulse import VirtualMicrophone

_ROUNDS = 7


def measured() -> Outcome:
    """Seconds by the clock, and of CPU time, which other programs do not change."""
    values: dict[str, list[float]] = {}
    reason = lacking()
    for _ in range(_ROUNDS):
        for name, value in _ended([sys.executable, "-m", "edged", "--help"]):
            values.setdefault(f"edged --help, {name}", []).append(value)
        # Python itself, below which nothing written in it can come.
        for name, value in _ended([sys.executable, "-c", "pass"]):
            values.setdefault(f"python -c pass, {name}", []).append(value)
    if not reason:
        with tempfile.TemporaryDirectory() as name, Mosquitto(Path(name), mosquitto_program()) as broker:
            broker.start()
            config = {"mqtt": {"host": broker.mqtt.host, "port": broker.port}, "log_level": "error"}
            with VirtualMicrophone() as microphone:
                for _ in range(_ROUNDS):
                    with running(config, microphone.environment) as daemon:
                        values.setdefault("edged run to READY, s", []).append(daemon.ready_s)
                        values.setdefault("edged run to READY, CPU s", []).append(daemon.cpu_s())
    return Outcome(spreads={name: spread(found) for name, found in values.items()}, notes=[reason] if reason else [])


def _ended(command: list[str]) -> list[tuple[str, float]]:
    """Seconds by the clock and of CPU time until a program has ended."""
    began_s = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)  # Popen.wait does not report the usage of this child alone
    process.returncode = 0
    return [("s", time.monotonic() - began_s), ("CPU s", usage.ru_utime + usage.ru_stime)]
