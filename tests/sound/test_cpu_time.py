"""CPU time of a real ``edged run`` relative to the duration of the sound."""

import os
import platform
from pathlib import Path

from edged.demo.sample import SAMPLE
from tests.parts.broker.mosquitto import free_port, wait_until
from tests.parts.sound.pulse import VirtualMicrophone, virtual_microphone  # noqa: F401 -- a fixture
from tests.parts.system.program import running_daemon

SOUND_S = 10.0
MAX_SHARE = 0.15  # of one core; 0.04 on an x86 server, but 0.33 to 1 if BLAS workers spin between windows
BLAS = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_DEFAULT_NUM_THREADS")


def cpu_s(pid: int) -> float:
    """User and system time of all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_listening_takes_a_small_share_of_a_core(
    virtual_microphone: VirtualMicrophone,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Ten seconds of live speech take less than 1.5 s of CPU time, without manual settings."""
    config = tmp_path / "config.yaml"
    broker = f"{{host: 127.0.0.1, port: {free_port()}}}"
    config.write_text(f"node: lab\naudio: {{device: pulse}}\nmqtt: {broker}\nhealth_s: 5\n")
    environment = {name: value for name, value in os.environ.items() if name not in BLAS}
    environment |= virtual_microphone.environment
    if platform.machine() == "x86_64":
        environment["OPENBLAS_CORETYPE"] = "Haswell"  # its kernels use worker threads for products of this size
    log = tmp_path / "log"
    with running_daemon(config, log, environment) as daemon:
        virtual_microphone.play(SAMPLE)
        wait_until(lambda: "capture online" in log.read_text(), "sound")
        before_s, n_before = cpu_s(daemon.pid), log.read_text().count("% busy")
        # One line every five seconds of the daemon's clock, which follows the sound, so no sleep is needed.
        n_lines = round(SOUND_S / 5)
        wait_until(lambda: log.read_text().count("% busy") >= n_before + n_lines, "two reports")
        used_s = cpu_s(daemon.pid) - before_s
        daemon.terminate()
        assert daemon.wait(60) == 0
    assert used_s < MAX_SHARE * SOUND_S, log.read_text()
