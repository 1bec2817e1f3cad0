"""Privacy: checks every byte that `edged run` and `edged replay` write and send while they listen to real speech.

    sample conversation ──pulseaudio──► edged run under strace ──► files, broker, pulseaudio, log
                                                                    each: destination and content

Destinations must be on an allow list.  Every byte must fit a schema, a format or a frame.  Everything together must
compress below the bit rate of the leanest speech codec, so it cannot be disguised sound.  A search for chunks of
samples or log-mel is the safety net.  test_privacy_leaks.py shows that each check detects a leak.
"""

import json
import sqlite3
from base64 import b64decode

import msgspec
import numpy as np
import pytest

from edged.contract.payloads import PAYLOADS
from edged.contract.reference import structs
from edged.features.geometry import GEOMETRY
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.broker.wire import PUBLISH
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
from tests.parts.faults.listening import Run, run
from tests.parts.faults.trace import strace
from tests.parts.sound.speech import SPEECH_S
from tests.repo.test_log import unknown_lines

__all__ = ["run", "strace"]

SAVED_EVERY_S = 600  # seconds between two writes of the means (edged/pipeline/adaptation_store.py)
SPEECH_BITS_PER_S = 700  # Codec 2 in mode 700C, about the leanest speech codec in use; research codecs need less


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
