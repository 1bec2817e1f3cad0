"""A fleet of 100, 300 and 1000 devices on one mosquitto: messages a second, latency, CPU and memory of the broker.

n devices, a message a second each ──mosquitto──► a subscriber to all of them
1000 devices, as fast as they are acknowledged ──mosquitto──► the same
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.daemon import memory_mb
from benchmarks.fleet.devices import Figures, Fleet
from benchmarks.result import Curve, Outcome, Plot
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program

_SIZES = (100, 300, 1000)
_PHASE_S, _FULL_S = 8.0, 8.0


def measured() -> Outcome:
    """Figures of the largest fleet, and growth with its size."""
    figures: dict[str, float] = {}
    shares: list[float] = []
    memory: list[float] = []
    medians: list[float] = []
    for size in _SIZES:
        with tempfile.TemporaryDirectory() as name, Mosquitto(Path(name), mosquitto_program()) as broker:
            broker.start(further=["set_tcp_nodelay true"])
            with Fleet(broker.port, size) as fleet:
                before_s = _cpu_s(broker.pid)
                found = fleet.phase(_PHASE_S, float(size))
                shares.append(100 * (_cpu_s(broker.pid) - before_s) / _PHASE_S)
                memory.append(memory_mb(broker.pid, "Pss"))
                medians.append(1000 * float(np.median(found.latencies_s)))
                if size == _SIZES[-1]:
                    figures |= _named(f"{size:,} devices, a message a second each", found)
                    figures["broker: % of a core"], figures["broker: Pss, MB"] = shares[-1], memory[-1]
                    before_s = _cpu_s(broker.pid)
                    full = fleet.phase(_FULL_S)
                    figures |= _named(f"{size:,} devices, as fast as acknowledged", full)
                    figures["broker then: % of a core"] = 100 * (_cpu_s(broker.pid) - before_s) / full.seconds
                    figures["broker then: Pss, MB"] = memory_mb(broker.pid, "Pss")
    sizes = [float(size) for size in _SIZES]
    plots = {
        "nodes": Plot(
            "mosquitto's CPU time, a message/s a node",
            "nodes",
            "% of a core",
            [Curve("mosquitto", sizes, shares)],
        ),
        "nodes-memory": Plot(
            "mosquitto's memory against nodes", "nodes", "MB (Pss)", [Curve("mosquitto", sizes, memory)]
        ),
        "nodes-latency": Plot(
            "Latency against nodes", "nodes", "ms (median)", [Curve("send to receipt", sizes, medians)]
        ),
    }
    return Outcome(figures=figures, plots=plots)


def _named(title: str, found: Figures) -> dict[str, float]:
    p50, p95, p99 = (1000 * np.percentile(found.latencies_s, (50, 95, 99))).tolist()
    return {
        f"{title}: sent a second": found.sent / found.seconds,
        f"{title}: lost": float(found.sent - found.received),
        f"{title}: latency p50, ms": p50,
        f"{title}: latency p95, ms": p95,
        f"{title}: latency p99, ms": p99,
    }


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
