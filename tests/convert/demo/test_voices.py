"""The synthesisers, and the error if one is missing."""

import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from convert.demo.lines import VOICES, Voice
from convert.demo.voices import said
from edged.errors import EdgedError, UsageError


def needs(program: str) -> None:
    """Skip the test if the program is missing."""
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}: apt-get install {program}")


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
def test_voice_speaks(voice: Voice) -> None:
    """Seconds of speech at 16 kHz, identical on each call."""
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
    """The error names it; only a new sample needs it, since the sample is committed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=f"apt-get install {program}"):
        said(Voice(program, "en-us"), f"nobody says this with {program}")


@pytest.mark.parametrize("program", ["flite", "espeak-ng"])
def test_unknown_voice_is_named(program: Literal["flite", "espeak-ng"]) -> None:
    """An invalid table of voices is reported at once."""
    needs(program)
    with pytest.raises(EdgedError, match=f"{program}, voice 'xx-nowhere'"):
        said(Voice(program, "xx-nowhere"), "Good morning.")
