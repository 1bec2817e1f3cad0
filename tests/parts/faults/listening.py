"""One traced `edged run` that listens to the sample conversation, and what it wrote and sent.

sample conversation ──pulseaudio──► edged run under strace ──► Run: files, broker, pulseaudio, log
"""

import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile

from tests.parts.broker.commander import Commander
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program, wait_until
from tests.parts.broker.raw_subscriber import raw_subscriber
from tests.parts.broker.wire import Sent, sent
from tests.parts.faults.contents import NODE
from tests.parts.faults.leaks import Allowed, Outlets, outlets
from tests.parts.faults.trace import Traced
from tests.parts.sound.pulse import VirtualMicrophone, expect_pulseaudio
from tests.parts.sound.speech import SPEECH_S


@dataclass
class Run:
    """One traced run and its results."""

    outlets: Outlets
    log: str
    state: Path
    speech_from_s: float  # wall clock time when the speech started
    core_limit: str
    muted_at_s: float  # time of the reply to the mute; the speech continued
    introduction: set[tuple[str, bytes]]  # discovery for Home Assistant, independent of the sound

    def sent(self, from_s: float = 0) -> list[Sent]:
        """Every packet to the broker, from a time on."""
        items = []
        for parts in self.outlets.broker.values():
            ends, total = [], 0
            for utc_s, content in parts:
                total += len(content)
                ends.append((total, utc_s))
            items += [
                one
                for one in sent(b"".join(content for _, content in parts))
                if next(utc_s for end, utc_s in ends if end >= one.at) >= from_s
            ]
        return items

    def outward(self) -> tuple[bytes, bytes]:
        """All let out before the speech, and in total: messages without windows, files without means, the log."""
        late = self.sent(self.speech_from_s)
        paths = [path for path in self.outlets.files if path != "/dev/null" and "/__pycache__/" not in path]
        # Means are bounded by their number; a journal holds pages that the database's own writes have held before.
        paths = [path for path in paths if "baseline.json" not in path and not path.endswith("-journal")]
        files = [part for path in paths for part in self.outlets.files[path]]
        both = []
        for messages, before_s in ((self.sent()[: -len(late)], self.speech_from_s), (self.sent(), float("inf"))):
            parts = [
                one.topic.encode() + one.payload + one.rest for one in messages if not one.topic.endswith("/window")
            ]
            parts += [content for utc_s, content in sorted(files) if utc_s < before_s]
            both.append(b"".join(parts))
        return both[0], both[1]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, speech: Path, strace: None) -> Run:  # noqa: ARG001 -- skips without it
    """``edged run`` from start to SIGTERM, with everything that it can publish and log."""
    expect_pulseaudio()
    folder = tmp_path_factory.mktemp("run")
    state = folder / "state"
    with Mosquitto(folder, mosquitto_program()) as broker:
        broker.start()
        with VirtualMicrophone() as microphone:
            config = folder / "config.yaml"
            config.write_text(CONFIG.format(port=broker.port, state=state))
            command: list[str | Path] = [sys.executable, "-m", "edged", "run", "--config", config]
            with (
                raw_subscriber(broker.port, "homeassistant/#") as (_, introductions),
                Traced(command, folder, microphone.environment) as traced,
            ):
                # The last message of the start, three seconds after the connection; its log line precedes it.
                wait_until(lambda: traced.ended or introductions, "the device's introduction")
                assert not traced.ended, traced.output()
                limits = Path(f"/proc/{traced.pid}/limits").read_text()
                began_s = traced.calls()[-1].utc_s
                assert microphone.play(speech).wait(SPEECH_S + 30) == 0
                with Commander(broker.port) as commander:
                    assert commander.give("mute", "ON").ok
                muted_s = time.time()
                assert microphone.play(beginning(speech, folder)).wait(60) == 0
                traced.send(signal.SIGTERM)
                assert traced.exit_status() == 0, traced.output()
            pulse = Path(microphone.environment["PULSE_SERVER"].removeprefix("unix:"))
            items = outlets(traced.calls(), Allowed(("127.0.0.1", broker.port), pulse, state, traced.log))
    (core,) = re.findall(r"Max core file size +(\d+|unlimited) +", limits)
    shown = subprocess.check_output([sys.executable, "-m", "edged", "discovery", "--config", config])
    parts = {(topic.decode(), payload) for topic, _, payload in (line.partition(b" ") for line in shown.splitlines())}
    return Run(items, traced.output(), state, began_s, core, muted_s, parts)


def beginning(speech: Path, folder: Path) -> Path:
    """The first three seconds."""
    samples, rate_hz = soundfile.read(speech, dtype="int16")
    soundfile.write(folder / "beginning.wav", samples[: 3 * rate_hz], rate_hz)
    return folder / "beginning.wav"


# Each event is written at once: events, not the load of the machine, decide how often pages are written.
CONFIG = f"""
node: {NODE}
audio: {{{{device: pulse}}}}
mqtt: {{{{host: 127.0.0.1, port: {{port}}, window: true}}}}
state_dir: {{state}}
outbox: {{{{commit_s: 0}}}}
log_level: debug
"""
