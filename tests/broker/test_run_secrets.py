"""The broker's password does not appear in anything that the program prints, sends or writes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.certificates import Authority, authority
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, wait_until

__all__ = ["authority", "idle_mosquitto"]

_REPOSITORY = Path(__file__).parents[2]
_PASSWORD = "known-only-to-this-test"  # noqa: S105 -- of a broker that lives as long as the test
_CONFIG = """\
node: lab
log_level: debug
state_dir: {folder}/state
audio: {{device: "name:no such microphone"}}
mqtt: {{host: 127.0.0.1, port: {port}, tls: on, ca_file: {ca_file}, cert_file: {cert_file}, key_file: {key_file},
  username: ann, password_file: {folder}/password}}
"""


def edged(*arguments: str | Path) -> subprocess.Popen[str]:
    """Run the program with stdout and stderr in one pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "edged", *arguments],
        cwd=_REPOSITORY,
        env={**os.environ, "PYTHONDEVMODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("right", [True, False])
def test_password_is_nowhere(idle_mosquitto: Mosquitto, authority: Authority, tmp_path: Path, right: bool) -> None:  # noqa: FBT001 -- a test's parameter
    """At debug level, accepted or refused, it is in no output, message, log or file."""
    idle_mosquitto.start({"ann": _PASSWORD if right else "another"}, authority.lines())
    (tmp_path / "password").write_text(f"{_PASSWORD}\n")
    cert_file, key_file = authority.client()
    key = Path(key_file).read_text().splitlines()[1]
    config = tmp_path / "config.yaml"
    config.write_text(
        _CONFIG.format(
            folder=tmp_path,
            port=idle_mosquitto.port,
            ca_file=authority.ca_file,
            cert_file=cert_file,
            key_file=key_file,
        )
    )
    outputs = {}
    for command in ("check", "acl"):
        with edged(command, "--config", config) as running:
            outputs[command], _ = running.communicate(timeout=60)
    log = tmp_path / "mosquitto.log"
    refused = log.read_text().count("not authorised")
    with edged("run", "--config", config) as running:
        if right:
            wait_until(lambda: " as edged-lab-" in log.read_text(), "connected")
        else:
            wait_until(lambda: log.read_text().count("not authorised") >= refused + 2, "refused twice")
        sent = messages(idle_mosquitto, tmp_path, authority) if right else []
        running.send_signal(signal.SIGTERM)
        outputs["run"], _ = running.communicate(timeout=60)
    assert "user ann" in outputs["acl"]
    assert ("broker topics OK" in outputs["check"]) == right
    assert "not authorised" in outputs["run"] or right
    written = [file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file()]
    for text in (*outputs.values(), *sent, *[content.decode(errors="replace") for content in written]):
        assert _PASSWORD not in text
        assert key not in text


def messages(broker: Mosquitto, folder: Path, authority: Authority) -> list[str]:
    """Everything that the daemon publishes up to its first health message and its info, in either order."""
    keys = {"tls": "on", "ca_file": authority.ca_file, "username": "ann", "password_file": str(folder / "password")}
    payloads: list[str] = []
    missing = {"info", "health"}
    with Subscriber(msgspec.structs.replace(broker.mqtt, **keys), "lab") as subscriber:
        while missing and (message := subscriber.received(WITHIN_S)):
            payloads.append(f"{message.topic} {message.payload.decode()}")
            missing.discard(message.topic.removeprefix("edged/lab/"))
    assert not missing
    return payloads
