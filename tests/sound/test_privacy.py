"""Privacy: checks every byte that `edged run` and `edged replay` write and send while they listen to real speech.

    sample conversation ──pulseaudio──► edged run under strace ──► files, broker, pulseaudio, log
                                                                    each: destination and content

Destinations must be on an allow list.  Every byte must fit a schema, a format or a frame.  Everything together must
compress below the bit rate of the leanest speech codec, so it cannot be disguised sound.  A search for chunks of
samples or log-mel is the safety net.  test_privacy_leaks.py shows that each check detects a leak.
"""

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from edged.contract.payloads import PAYLOADS
from edged.contract.reference import structs
from edged.features.geometry import GEOMETRY
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.broker.commander import Commander
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program, wait_until
from tests.parts.broker.raw_subscriber import raw_subscriber
from tests.parts.broker.wire import PUBLISH, Sent, sent
from tests.parts.faults.contents import (
    NODE,
    bits_of_sound,
    is_in,
    is_whole,
    misfits,
    numbers_in_a_row,
    pieces_of,
    played,
    window_bits,
)
from tests.parts.faults.leaks import Allowed, Outlets, outlets
from tests.parts.faults.trace import Traced, strace  # noqa: F401 -- a fixture
from tests.parts.sound.pulse import VirtualMicrophone, expect_pulseaudio
from tests.parts.sound.speech import SPEECH_S
from tests.repo.test_log import unknown_lines

REPOSITORY = Path(__file__).parents[2]
SAVED_EVERY_S = 600  # seconds between two writes of the means (edged/pipeline/adaptation_store.py)
SPEECH_BITS_PER_S = 700  # Codec 2 in mode 700C, about the leanest speech codec in use; research codecs need less


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
def run(tmp_path_factory: pytest.TempPathFactory, speech: Path, strace: None) -> Run:  # noqa: ARG001, F811
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


def test_run_writes_and_sends_only_where_it_may(run: Run) -> None:
    """It uses only files in the state directory, the broker's address and known system calls."""
    assert run.outlets.faults == []
    assert len(run.outlets.recorded) > SPEECH_S * GEOMETRY.sample_rate_hz  # it did record, and the trace shows it


def test_run_sends_the_broker_payloads_and_nothing_else(run: Run) -> None:
    """Every byte to the broker is MQTT, every message fits its schema, and there are events."""
    items = run.sent()
    assert misfits(items, run.introduction) == []
    names = {one.topic.removeprefix(f"edged/{NODE}/") for one in items if one.kind == PUBLISH}
    assert {"availability", "capture", "emotion", "event/start", "event/end", "health"} <= names


def test_run_sends_pulseaudio_commands_and_no_samples(run: Run) -> None:
    """Each frame to the sound server is on the control channel: nothing is played."""
    assert run.outlets.pulse
    for stream in run.outlets.pulse.values():
        assert played(bytes(stream)) == 0


def n_features() -> int:
    """Features of the shipped bundle that adapt."""
    bundle = load_bundle(DEFAULT_BUNDLE)
    return bundle.n_features or bundle.geometry.n_bands


def test_run_keeps_events_and_means_and_nothing_else(run: Run) -> None:
    """Each row of the outbox is an event or a number, the baseline has means alone, and no other file is left."""
    assert {file.name for file in run.state.iterdir()} == {
        "outbox.sqlite3",
        "outbox.sqlite3-journal",  # pages of the same database before the last change
        "outbox.lock",
        "baseline.json",
        "commands.json",
    }
    assert (run.state / "outbox.lock").read_bytes() == b""
    with sqlite3.connect(run.state / "outbox.sqlite3") as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        events = db.execute("SELECT seq, topic, payload, put_s, acknowledged FROM event").fetchall()
        states = db.execute("SELECT name, value FROM state").fetchall()
    db.close()
    assert tables == {"event", "state"}
    assert events
    for seq, topic, payload, put_s, acknowledged in events:
        assert is_whole(payload, PAYLOADS[topic])
        assert (type(seq), type(put_s), acknowledged in {0, 1}) == (int, float, True)
    assert {type(value) for _, value in states} <= {int, float}
    assert set(json.loads((run.state / "commands.json").read_bytes())) == {"version", "muted", "enter_for", "baseline"}
    baseline = json.loads((run.state / "baseline.json").read_bytes())
    assert set(baseline) == {"version", "bundle", "microphone", "since", "calibrated", "features", "scores"}
    scores, features = baseline["scores"], baseline["features"]
    assert scores or features
    if scores:
        assert set(scores) == {"version", "bundle", "microphone", "labels", "heard_s", "mean"}
        assert len(scores["mean"]) == len(scores["labels"]) == 6
    if features:  # one mean of each feature: as many bytes after a second of speech as after a year
        assert set(features) == {"version", "bundle", "microphone", "labels", "effect", "listening", "calibration"}
        assert set(features["listening"]) == {"speech_s", "x", "p"}
        assert (len(b64decode(features["listening"]["x"])), features["calibration"]) == (4 * n_features(), None)


def test_run_logs_only_known_lines(run: Run) -> None:
    """Even at debug level the log has only the program's own formats."""
    assert unknown_lines(run.log) == []
    assert "connected" in run.log


def test_run_lets_out_fewer_bits_than_any_speech_codec(run: Run) -> None:
    """All output while speech was recorded, except the windows, compresses below the leanest codec's bit rate.

    This proves that no codec could have put the sound into it.  It does not prove that the words are absent: their text
    needs only about 50 bit/s.  The message schemas rule that out.
    """
    assert 0 < bits_of_sound(*run.outward()) < SPEECH_BITS_PER_S * SPEECH_S


def test_means_are_few_bits(run: Run) -> None:
    """Whatever was said, the means have 4 bytes a feature; they are written every ten minutes and at the end."""
    sizes = [len(part) for path, parts in run.outlets.files.items() if "baseline.json" in path for _, part in parts]
    assert sizes
    assert max(sizes) < 4 * n_features() * 4 / 3 + 2000
    assert 32 * n_features() / SAVED_EVERY_S < 0.1 * SPEECH_BITS_PER_S


def test_windows_are_few_bits(run: Run) -> None:
    """A window message adds six scores of four decimals, a level and the models used: 100 bits, twice a second."""
    windows = [json.loads(one.payload) for one in run.sent(run.speech_from_s) if one.topic.endswith("/window")]
    spoken = [window for window in windows if window["speech"]]
    assert len(spoken) > SPEECH_S / 2
    assert sum(map(window_bits, windows)) < 300 * SPEECH_S


def test_run_lets_out_no_piece_of_what_it_heard(run: Run) -> None:
    """No 16 bytes of the recorded samples or their log-mel appear in any output."""
    spoken = np.frombuffer(bytes(run.outlets.recorded[: len(run.outlets.recorded) // 2 * 2]), "<i2")
    pieces = pieces_of(spoken.astype(np.float32) / 32768)
    assert len(pieces) > 100_000
    streams = [content for parts in run.outlets.broker.values() for _, content in parts]
    streams += [content for parts in run.outlets.files.values() for _, content in parts]
    assert not any(is_in(bytes(stream), pieces) for stream in [*streams, *run.outlets.pulse.values()])


def test_muted_run_hears_nothing(run: Run) -> None:
    """After the reply to a mute no byte arrives from the sound server, although the speech continues."""
    assert any(at_s < run.muted_at_s for at_s in run.outlets.recorded_at_s)
    assert [at_s for at_s in run.outlets.recorded_at_s if at_s > run.muted_at_s] == []


@pytest.mark.parametrize("kind", structs([*PAYLOADS.values()]).values())
def test_no_payload_has_a_list_of_numbers(kind: type[msgspec.Struct]) -> None:
    """Numbers are single or by label: no field could hold a chunk of sound."""
    assert numbers_in_a_row(kind) == []


def test_run_leaves_no_core_dump(run: Run) -> None:
    """A crash leaves no memory image, which would contain sound."""
    assert run.core_limit == "0"
