"""Commands on narrow and dumb terminals, and output that differs between terminals and pipes."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.parts.sound.speech import RATE_HZ
from tests.parts.system.program import edged
from tests.parts.system.pseudo_terminal import on_terminal


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config with a node name."""
    file = tmp_path / "config.yaml"
    file.write_text("node: hall\n")
    return file


def test_discovery_is_indented_for_people_only(config: Path) -> None:
    """Output on a terminal is indented unless --raw asks for the format of pipes."""
    raw = edged("discovery", "--config", config).stdout
    assert len(raw.splitlines()) == 1
    with on_terminal("discovery", "--config", config) as terminal:
        topic, _, payload = terminal.ended_text().partition("\n")
    assert raw == f"{topic} {json.dumps(json.loads(payload), separators=(',', ':'), ensure_ascii=False)}\n"
    assert len(payload.splitlines()) > 100
    with on_terminal("discovery", "--raw", "--config", config) as terminal:
        assert terminal.ended_text() == raw


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_help_is_as_wide_as_the_terminal(columns: int) -> None:
    """No line wraps, and a wide terminal is used."""
    with on_terminal("--help", columns=columns) as terminal:
        widest = max(map(len, terminal.ended_text().splitlines()))
    assert columns - 12 <= widest <= columns


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_progress_of_a_long_file_is_erased(tmp_path: Path, term: str) -> None:
    """Progress is shown and erased on capable terminals only."""
    file = tmp_path / "long.flac"
    with soundfile.SoundFile(file, "w", RATE_HZ, 1) as out:
        for _ in range(30):
            out.write(np.zeros(60 * RATE_HZ, np.float32))
    with on_terminal("classify", file, term=term, columns=60) as terminal:
        text = terminal.ended_text()
    *progress, result = text.split("\r\x1b[K")
    assert result.startswith("none ")
    assert result.endswith(f"  {file}\n")
    assert ("\x1b" in text) == (term != "dumb")
    if term != "dumb":
        assert progress[1].endswith(" of 30:00")
        assert max(map(len, progress)) < 60


@pytest.mark.parametrize("columns", [40, 80])
def test_check_wraps_between_words_below_its_text(config: Path, columns: int) -> None:
    """With colours, and each part at the beginning of a line; in a pipe a part is one line."""
    config.write_text("node: hall\nmqtt: {host: nowhere.invalid}\naudio: {muted: true}\n")
    with on_terminal("check", "--config", config, columns=columns) as terminal:
        lines = terminal.ended_text().splitlines()
    plain = [re.sub(r"\x1b\[\d*m", "", line) for line in lines]
    assert "bundle        \x1b[32mOK\x1b[0m    small" in "\n".join(lines)
    assert "broker name   \x1b[31mFAIL\x1b[0m  " in "\n".join(lines)
    assert all(len(line) < columns or str(config.parent) in line for line in plain)
    piped = edged("check", "--config", config).stdout
    assert "\x1b" not in piped
    parts = [line.split("  ")[0] for line in piped.splitlines()]
    assert [line.split("  ")[0] for line in plain if not line.startswith(" ")] == parts


def test_row_of_classify_fits_and_begins_with_the_highest_scores(speech: Path, tmp_path: Path) -> None:
    """On a terminal; a pipe gets all scores in the order of the bundle's labels."""
    file = tmp_path / "a.wav"
    file.write_bytes(speech.read_bytes())
    with on_terminal("classify", file, columns=len(str(file)) + 50) as terminal:
        row = terminal.ended_text().rstrip("\n").split("\x1b[K")[-1]
    label, confidence, first, score, *_ = row.split()
    assert (label, confidence) == (first, score)
    assert len(row) < len(str(file)) + 50
    assert row.endswith(f"  {file}")
    assert len(edged("classify", file).stdout) > len(row)


def test_reason_of_classify_wraps_between_words(tmp_path: Path) -> None:
    """A file without a label says why, also on 40 columns."""
    file = tmp_path / "silent.wav"
    soundfile.write(file, np.zeros(RATE_HZ), RATE_HZ)
    with on_terminal("classify", file, columns=40) as terminal:
        lines = terminal.ended_text().split("\x1b[K")[-1].splitlines()
    assert lines[0] == "none             too quiet: -96 dBFS,"
    assert lines[1] == "  below gate.min_dbfs"


def test_error_wraps_between_words() -> None:
    """The line that explains the status."""
    with on_terminal("acl", "--node", "a node", "--user", "me", columns=40) as terminal:
        lines = terminal.ended_text().splitlines()
    assert lines[0] == "edged: node is 'a node', expected at"
    assert all(line.startswith("  ") and len(line) < 40 for line in lines[1:])
