"""A real mosquitto on a free loopback port, with faults on demand; fixtures to import by name.

mosquitto ──► Mosquitto: start, stop, kill, pause, resume ──► mqtt: the config that leads to it
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

import pytest

from edged.config.structs import Mqtt
from edged.mqtt.connection import Connection
from edged.mqtt.subscriber import Subscriber

WITHIN_S = 60.0  # deadline, generous for a loaded machine; conditions usually hold within milliseconds


def wait_until(condition: Callable[[], object], what: str, within_s: float = WITHIN_S) -> None:
    """Return once ``condition`` holds; fail with ``what`` after the deadline."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline_s:
            pytest.fail(f"not within {within_s:g} s: {what}")
        time.sleep(0.01)  # poll interval


def free_port() -> int:
    """A loopback port that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Mosquitto:
    """One mosquitto, stopped by ``with``; retained messages survive a restart only if ``persistent``."""

    def __init__(self, folder: Path, program: str) -> None:
        self._folder = folder
        self._program = program
        self._running: subprocess.Popen[bytes] | None = None
        self.persistent = False
        self.environment: dict[str, str] = {}  # added to the test's own
        self.port = free_port()
        self.mqtt = Mqtt(host="127.0.0.1", port=self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._running is not None
        return self._running.pid

    def another(self, folder: Path) -> "Mosquitto":
        """A second mosquitto, in a new folder and on its own port."""
        folder.mkdir()
        return Mosquitto(folder, self._program)

    def start(self, users: dict[str, str] | None = None, further: Sequence[str] = ()) -> None:
        """Start for anyone, or only for ``users`` with their passwords; returns when it listens.

        ``further`` are additional lines of its config.
        """
        lines = [f"listener {self.port} 127.0.0.1", "log_dest stderr", "user root"]
        lines += ["max_inflight_messages 0", "max_queued_messages 0"]
        if self.persistent:
            lines += ["persistence true", f"persistence_location {self._folder}/"]
            lines += ["autosave_on_changes true", "autosave_interval 1"]
        else:
            lines.append("persistence false")
        if users is None:
            lines.append("allow_anonymous true")
        else:
            passwords = self._folder / "passwords"
            passwords.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
            passwords.chmod(0o600)
            subprocess.run(["mosquitto_passwd", "-U", passwords], check=True)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        lines += further
        config = self._folder / "mosquitto.conf"
        config.write_text("\n".join(lines) + "\n")
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._running = subprocess.Popen(
                [self._program, "-c", config], stderr=log, env=os.environ | self.environment
            )
        wait_until(self._listens, "mosquitto listens")

    def access(self, rules: str) -> list[str]:
        """Config lines for an access list; mosquitto disconnects violators only if its queues are unlimited."""
        file = self._folder / "acl"
        file.write_text(f"{rules}\n")
        return [f"acl_file {file}", "max_queued_messages 1000"]

    def start_refusing(self, *allowed: str) -> None:
        """Start and refuse every subscription except ``allowed``, which an acl_file cannot do."""
        acls = [{"acltype": "subscribeLiteral", "topic": topic_filter, "allow": True} for topic_filter in allowed]
        rules = {
            "defaultACLAccess": {"publishClientSend": True, "publishClientReceive": True, "subscribe": False},
            "roles": [{"rolename": "some", "acls": acls}],
            "groups": [{"groupname": "all", "roles": [{"rolename": "some"}]}],
            "anonymousGroup": "all",
        }
        file = self._folder / "dynamic-security.json"
        file.write_text(json.dumps(rules))
        plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
        self.start(further=[f"plugin {plugin}", f"plugin_opt_config_file {file}"])

    def retained(self, root: str = "edged") -> dict[str, bytes]:
        """Retained messages below ``root`` by topic; a sentinel published after subscribing marks their end."""
        end = f"{root}/the/end"
        mqtt = Mqtt(host="127.0.0.1", port=self.port, root=root)
        messages: dict[str, bytes] = {}
        with Subscriber(mqtt) as subscriber, Connection(mqtt, "edged-test-end") as sender:
            assert subscriber.wait_connected(WITHIN_S)
            assert sender.wait_connected(WITHIN_S)
            sender.send(end, b"", 1, retained=False)
            while message := subscriber.received(WITHIN_S):
                if message.topic == end:
                    return messages
                if message.retained:
                    messages[message.topic] = message.payload
        pytest.fail(f"not all of what is retained below {root} came, only {sorted(messages)}")

    def stop(self) -> None:
        """Stop it with SIGTERM, if it runs."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop it with SIGKILL, as in a power cut."""
        self._end(signal.SIGKILL)

    def kill_once_sent(self) -> None:
        """Kill it now, but let the kernel deliver everything written so far.

        Nagle's algorithm holds back a small write while an earlier one is unacknowledged, and the kernel drops it
        when the process dies with unread input.
        """
        if self._running is not None:
            self.pause()
            wait_until(lambda: not self._n_unsent(), "all that it wrote is sent")
            self.kill()

    def forget(self) -> None:
        """Delete the persistence file of a stopped mosquitto."""
        (self._folder / "mosquitto.db").unlink(missing_ok=True)

    def pause(self) -> None:
        """Freeze it with all sockets open."""
        assert self._running is not None
        self._running.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue after ``pause``."""
        assert self._running is not None
        self._running.send_signal(signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        if self._running is not None:
            self._running.send_signal(number)
            self._running.send_signal(signal.SIGCONT)
            self._running.wait(WITHIN_S)
            self._running = None

    def _n_unsent(self) -> int:
        """Bytes written to its connections that the peers have not acknowledged."""
        sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        open_here = [fields[4] for fields in sockets if fields[1].endswith(f":{self.port:04X}") and fields[3] == "01"]
        return sum(int(queues.partition(":")[0], 16) for queues in open_here)

    def _listens(self) -> bool:
        assert self._running is not None
        assert self._running.poll() is None, (self._folder / "mosquitto.log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False


def mosquitto_program() -> str:
    """Path of mosquitto; skips the test if it is not installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])  # Debian installs it there, outside a user's PATH
    program = shutil.which("mosquitto", path=path)
    if program is None:
        pytest.skip("needs mosquitto: apt-get install mosquitto")
    return program


@pytest.fixture
def idle_mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto that is not started yet."""
    with Mosquitto(tmp_path, mosquitto_program()) as broker:
        yield broker


@pytest.fixture
def mosquitto(idle_mosquitto: Mosquitto) -> Mosquitto:
    """A running mosquitto, open to anyone."""
    idle_mosquitto.start()
    return idle_mosquitto
