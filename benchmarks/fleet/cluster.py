"""The fleet on three RabbitMQ brokers that form a cluster here: what a clustered broker costs, and its configuration.

    1000 devices, a third on each broker ──MQTT plugin──► cluster ──► a subscriber on the third

``rabbitmq.conf`` beside this file is what the nodes start with, ports apart.  Debian has rabbitmq-server; VerneMQ, EMQX
and NanoMQ are in no registry of Debian, PyPI or npm, and Aedes (npm) clusters only through a Redis or MongoDB.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from benchmarks.daemon import memory_mb
from benchmarks.fleet.devices import Fleet
from benchmarks.result import Outcome
from tests.parts.broker.mosquitto import free_port

CONFIG = Path(__file__).with_name("rabbitmq.conf")
_PROGRAMS = Path("/usr/lib/rabbitmq/bin")
_NAMES = ("one", "two", "three")
_N_DEVICES, _PHASE_S = 1000, 8.0
_START_S = 90


def measured() -> Outcome:
    """Figures of the fleet on the cluster."""
    if not (_PROGRAMS / "rabbitmq-server").exists():
        return Outcome(missing="needs rabbitmq-server: apt-get install rabbitmq-server")
    figures: dict[str, float] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edged-cluster-")))
        # A port mapper of our own, which Erlang starts and leaves.
        (folder / "epmd").write_text(str(free_port()))
        stack.callback(
            subprocess.run,
            ["epmd", "-kill"],
            env=_environment(folder, _NAMES[0]),
            check=False,
            stdout=subprocess.DEVNULL,
        )
        nodes = [stack.enter_context(_node(folder, name)) for name in _NAMES]
        for name in _NAMES[1:]:
            for step in (["stop_app"], ["join_cluster", f"{_NAMES[0]}@localhost"], ["start_app"]):
                _control(folder, name, *step)
        ports = [port for port, _ in nodes]
        with Fleet(ports[0], _N_DEVICES, ports[1:]) as fleet:
            for title, per_s in (
                ("a message a second each", float(_N_DEVICES)),
                ("as fast as acknowledged", float("inf")),
            ):
                before_s = _cpu_s(nodes)
                found = fleet.phase(_PHASE_S, per_s)
                p50, p95, p99 = (1000 * np.percentile(found.latencies_s, (50, 95, 99))).tolist()
                figures |= {
                    f"{title}: sent a second": found.sent / found.seconds,
                    f"{title}: lost": float(found.sent - found.received),
                    f"{title}: latency p50, ms": p50,
                    f"{title}: latency p95, ms": p95,
                    f"{title}: latency p99, ms": p99,
                    f"{title}: all brokers, % of a core": 100 * (_cpu_s(nodes) - before_s) / found.seconds,
                }
        figures["all brokers, Pss, MB"] = sum(memory_mb(pid, "Pss") for _, pid in nodes)
    return Outcome(figures=figures)


@contextmanager
def _node(folder: Path, name: str) -> Iterator[tuple[int, int]]:
    """A broker; its MQTT port and its process."""
    port = free_port()
    (folder / name).mkdir()
    config = CONFIG.read_text(encoding="utf-8").replace("127.0.0.1:1883", f"127.0.0.1:{port}")
    (folder / f"{name}.conf").write_text(config)
    (folder / f"{name}.plugins").write_text("[rabbitmq_mqtt].\n")
    log = (folder / f"{name}.log").open("wb")
    running = subprocess.Popen([_PROGRAMS / "rabbitmq-server"], env=_environment(folder, name), stdout=log, stderr=log)
    try:
        _control(folder, name, "await_startup")
        pid = int(_control(folder, name, "eval", "os:getpid().").strip().strip('"'))
        yield port, pid
    finally:
        running.terminate()
        running.wait(30)
        log.close()


def _environment(folder: Path, name: str) -> dict[str, str]:
    return os.environ | {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"{name}@localhost",
        "RABBITMQ_CONFIG_FILE": str(folder / f"{name}.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / f"{name}.plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / name),
        "RABBITMQ_LOG_BASE": str(folder / name),
        "RABBITMQ_PID_FILE": str(folder / f"{name}.pid"),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-setcookie edged +S 1:1",
        "RABBITMQ_CTL_ERL_ARGS": "-setcookie edged",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": (folder / "epmd").read_text(),
    }


def _control(folder: Path, name: str, *command: str) -> str:
    """What rabbitmqctl says; tries again while the node starts."""
    until_s = time.monotonic() + _START_S
    while True:
        done = subprocess.run(
            [_PROGRAMS / "rabbitmqctl", "-q", *command],
            env=_environment(folder, name),
            capture_output=True,
            text=True,
            check=False,
            timeout=_START_S,
        )
        if done.returncode == 0:
            return done.stdout
        if time.monotonic() > until_s:
            raise RuntimeError(f"rabbitmqctl {' '.join(command)}: {done.stderr.strip().splitlines()[-1:]}")
        time.sleep(0.5)


def _cpu_s(nodes: list[tuple[int, int]]) -> float:
    total = 0.0
    for _, pid in nodes:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total
