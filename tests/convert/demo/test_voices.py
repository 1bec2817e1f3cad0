"""The synthesisers, and what is said where one is missing."""

import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from convert.demo.lines import VOICES, Voice
from convert.demo.voices import said
from edged.errors import EdgedError, UsageError


def needs(program: str) -> None:
    """Skip where the program is missing."""
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}: apt-get install {program}")


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
def test_voice_speaks(voice: Voice) -> None:
    """Some seconds at 16 kHz, the same each time."""
    needs(voice.program)
    sound = said(voice, "Good morning, my friend.")
    assert 0.8 < len(sound) / 16_000 < 4
    assert 0.05 < np.abs(sound).max() <= 1
    said.cache_clear()
    np.testing.assert_array_equal(sound, said(voice, "Good morning, my friend."))


@pytest.mark.parametrize("program", ["flite", "espeak-ng"])
def test_missing_program_names_the_command(
    program: Literal["flite", "espeak-ng"], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The sample is committed, so that only who makes another needs it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=f"apt-get install {program}"):
        said(Voice(program, "en-us"), f"nobody says this with {program}")


@pytest.mark.parametrize("program", ["flite", "espeak-ng"])
def test_unknown_voice_is_named(program: Literal["flite", "espeak-ng"]) -> None:
    """Who changes the table learns at once what is wrong with it."""
    needs(program)
    with pytest.raises(EdgedError, match=f"{program}, voice 'xx-nowhere'"):
        said(Voice(program, "xx-nowhere"), "Good morning.")
