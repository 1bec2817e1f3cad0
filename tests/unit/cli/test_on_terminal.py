"""Commands on terminals: narrow ones, dumb ones, and what is for people there and for programs elsewhere."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.parts.sound.speech import RATE_HZ
from tests.parts.system.program import edged
from tests.parts.system.pseudo_terminal import on_terminal


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config of a node."""
    file = tmp_path / "config.yaml"
    file.write_text("node: hall\n")
    return file


def test_discovery_is_indented_for_people_only(config: Path) -> None:
    """On a terminal, unless --raw asks for what a pipe gets."""
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
    """No line wraps, and a wide terminal is not given a narrow text."""
    with on_terminal("--help", columns=columns) as terminal:
        widest = max(map(len, terminal.ended_text().splitlines()))
    assert columns - 12 <= widest <= columns


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_progress_of_a_long_file_is_erased(tmp_path: Path, term: str) -> None:
    """On a terminal that can erase; on another there is none."""
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
