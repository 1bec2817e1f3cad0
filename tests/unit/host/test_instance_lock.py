"""One edged per node on a machine, whichever user runs it."""

import os
import re
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from edged.cli.sensor.run import SERVICE_WAIT_S
from edged.errors import AlreadyRunningError
from edged.host.instance_lock import InstanceLock

_REPOSITORY = Path(__file__).parents[3]
_HOLD = """
import os, sys
from edged.host.instance_lock import InstanceLock
if os.geteuid() == 0:
    os.setuid(65534)
with InstanceLock(sys.argv[1], "edged", 1883):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def node() -> str:
    """A node that no other test uses at the same time."""
    return f"test-{uuid.uuid4()}"


def test_second_holder_is_refused_with_the_pid_of_the_first(node: str) -> None:
    """The message has node and pid."""
    with (
        InstanceLock(node, "edged", 1883),
        pytest.raises(
            AlreadyRunningError, match=f"edged already runs here as node {node}, pid {os.getpid()}; stop it first$"
        ),
        InstanceLock(node, "edged", 1883),
    ):
        pass


def test_lock_is_free_after_its_holder(node: str) -> None:
    """The lock can be taken again after its release."""
    lock = InstanceLock(node, "edged", 1883)
    for _ in range(2):
        assert lock.holder() is None
        with lock:
            assert lock.holder() == os.getpid()


def test_other_node_root_or_port_is_another_device(node: str) -> None:
    """Instances with another node, root topic or port run in parallel."""
    with (
        InstanceLock(node, "edged", 1883),
        InstanceLock(f"{node}-2", "edged", 1883),
        InstanceLock(node, "home/edged", 1883),
        InstanceLock(node, "edged", 1884),
    ):
        pass


def test_process_of_another_user_holds_it_until_it_is_killed(node: str) -> None:
    """The lock of another user's process is respected until the process is killed."""
    command = [sys.executable, "-c", _HOLD, node]
    with subprocess.Popen(
        command, cwd=_REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        lock = InstanceLock(node, "edged", 1883)
        with pytest.raises(AlreadyRunningError, match=f"pid {process.pid}; stop it first$"), lock:
            pass
        process.kill()
        process.wait()
        with lock:
            assert lock.holder() == os.getpid()


def test_service_waits_for_a_run_by_hand_to_end(node: str) -> None:
    """The lock is taken as soon as its holder ends, within the time to wait."""
    command = [sys.executable, "-c", _HOLD, node]
    with subprocess.Popen(
        command, cwd=_REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        waiting = InstanceLock(node, "edged", 1883, wait_s=30)
        assert waiting.holder() == process.pid
        ending = threading.Timer(0.2, process.kill)
        ending.start()
        with waiting:
            assert waiting.holder() == os.getpid()
        ending.join()


def test_service_outlasts_the_limit_of_starts() -> None:
    """RestartSec and the wait for the lock together are longer than StartLimitIntervalSec / StartLimitBurst."""
    unit = (_REPOSITORY / "systemd" / "edged.service").read_text(encoding="utf-8")
    restart_s = int(re.findall(r"^RestartSec=(\d+)$", unit, re.MULTILINE)[0])
    interval_min = int(re.findall(r"^StartLimitIntervalSec=(\d+)min$", unit, re.MULTILINE)[0])
    burst = int(re.findall(r"^StartLimitBurst=(\d+)$", unit, re.MULTILINE)[0])
    assert SERVICE_WAIT_S + restart_s > 60 * interval_min / burst
