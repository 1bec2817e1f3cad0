"""The log of ``edged run``: its settings at the start, and why it stops."""

import re
import signal
from pathlib import Path

from tests.parts.broker.mosquitto import free_port, wait_until
from tests.parts.system.program import running_daemon


def test_log_says_what_starts_and_what_stops_it(tmp_path: Path) -> None:
    """One line each; a missing microphone is logged as ``offline`` with its reason."""
    config = tmp_path / "config.yaml"
    config.write_text(
        f"node: kitchen\nstate_dir: {tmp_path}/state\naudio: {{device: no such one}}\nmqtt: {{port: {free_port()}}}\n"
    )
    log = tmp_path / "log"
    with running_daemon(config, log) as daemon:
        wait_until(lambda: "capture offline" in log.read_text(), "the microphone's state")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(60) == 0
    lines = [re.sub(r"^[0-9-]+ [0-9:,]+ ", "", line) for line in log.read_text().splitlines()]
    started = rf"INFO    edged \S+ starts: config {config}, node kitchen, bundle \S+ \S+, state {tmp_path}/state"
    assert re.fullmatch(started, lines[0])
    assert "INFO    SIGTERM received, shutting down" in lines
    assert [line for line in lines if "capture offline" in line and "not found" not in line] == []
