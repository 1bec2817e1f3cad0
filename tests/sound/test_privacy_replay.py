"""`edged replay` under strace: it publishes payloads or prints scores, and writes no file.

recording ──► edged replay ──► broker, or stdout ──► leaks.py: destinations; contents.py: contents
"""

import json
import sys
from pathlib import Path

import pytest
import soundfile

from edged.contract.payloads import PAYLOADS
from edged.features.geometry import GEOMETRY
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, mosquitto  # noqa: F401 -- fixtures
from tests.parts.broker.wire import sent
from tests.parts.faults.contents import NODE, is_in, is_whole, misfits, pieces_of
from tests.parts.faults.leaks import Allowed, outlets_of
from tests.parts.faults.trace import strace  # noqa: F401 -- a fixture
from tests.parts.sound.speech import SPEECH_S
from tests.repo.test_log import unknown_lines


@pytest.mark.usefixtures("strace")
def test_replay_prints_scores_and_writes_nothing(speech: Path, tmp_path: Path) -> None:
    """With --jsonl each line is a window's scores or an event; no file is written, nothing is sent."""
    config = tmp_path / "config.yaml"
    config.write_text("log_level: debug\n")
    command: list[str | Path] = [sys.executable, "-m", "edged", "replay", "--jsonl", speech, "--config", config]
    outlet, log = outlets_of(tmp_path, command, Allowed())
    assert outlet.faults == []
    assert {path for path in outlet.files if "__pycache__" not in path} <= {str(tmp_path / "log"), "/dev/null"}
    lines = [line for line in log.splitlines() if line.startswith("{")]
    kinds = {payload.__struct_config__.tag: payload for payload in PAYLOADS.values()}
    assert all(is_whole(line.encode(), kinds[json.loads(line)["type"]]) for line in lines)
    assert len(lines) > 2 * (SPEECH_S - GEOMETRY.window_s)
    assert unknown_lines("\n".join(line for line in log.splitlines() if not line.startswith("{"))) == []
    pieces = pieces_of(soundfile.read(speech, dtype="float32")[0])
    assert not is_in(log.encode(), pieces)


@pytest.mark.usefixtures("strace")
def test_replay_sends_the_broker_payloads_and_writes_nothing(
    mosquitto: Mosquitto,  # noqa: F811
    speech: Path,
    tmp_path: Path,
) -> None:
    """With a broker the limits of ``edged run`` apply, and nothing is stored on disk."""
    config = tmp_path / "config.yaml"
    broker = f"host: 127.0.0.1, port: {mosquitto.port}, protocol: v5, window: true"
    config.write_text(f"node: {NODE}\nlog_level: debug\nmqtt: {{{broker}}}\n")
    command: list[str | Path] = [sys.executable, "-m", "edged", "replay", speech, "--node", NODE, "--config", config]
    outlet, log = outlets_of(tmp_path, command, Allowed(broker=("127.0.0.1", mosquitto.port)))
    assert outlet.faults == []
    assert {path for path in outlet.files if "__pycache__" not in path} <= {str(tmp_path / "log"), "/dev/null"}
    assert unknown_lines(log) == []
    (parts,) = outlet.broker.values()
    stream = b"".join(content for _, content in parts)
    assert misfits(list(sent(stream))) == []
    assert not is_in(stream, pieces_of(soundfile.read(speech, dtype="float32")[0]))
