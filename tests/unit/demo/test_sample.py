"""The committed sample is what its script makes, and is a conversation that can be heard."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edged.demo import sample
from edged.errors import EdgedError, UsageError


@pytest.fixture
def _espeak() -> None:
    """Skip where espeak-ng is missing."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng: apt-get install espeak-ng")


def committed() -> NDArray[np.float64]:
    """The samples of the file in the repository."""
    sound, sample_rate_hz = soundfile.read(sample.SAMPLE, dtype="float64")
    assert sample_rate_hz == 16_000
    assert sound.ndim == 1
    return np.asarray(sound)


def rms_dbfs(sound: NDArray[np.float64]) -> float:
    """Loudness of the whole."""
    return float(10 * np.log10(np.mean(sound**2)))


def test_sample_is_long_enough_for_episodes_and_short_enough_to_watch() -> None:
    """Neither clipped nor silent, and small enough to be committed."""
    sound = committed()
    assert 30 <= sound.size / 16_000 <= 50
    assert -35 < rms_dbfs(sound) < -15
    assert 0.1 < np.max(np.abs(sound)) < 1
    assert sample.SAMPLE.stat().st_size < 1_000_000


@pytest.mark.usefixtures("_espeak")
def test_script_makes_the_committed_sample(tmp_path: Path) -> None:
    """Another version of espeak-ng may speak a little otherwise: length within a tenth, loudness within 1 dB."""
    made, _ = soundfile.read(_written(tmp_path), dtype="float64")
    assert made.size == pytest.approx(committed().size, rel=0.1)
    assert rms_dbfs(np.asarray(made)) == pytest.approx(rms_dbfs(committed()), abs=1)


@pytest.mark.usefixtures("_espeak")
def test_script_makes_the_same_each_time(tmp_path: Path) -> None:
    """To the byte, so that a change of the file is a change of the table."""
    assert _written(tmp_path).read_bytes() == _written(tmp_path).read_bytes()


@pytest.mark.usefixtures("_espeak")
def test_utterances_have_the_loudness_of_the_table() -> None:
    """It is part of a mood; an utterance that would clip is turned down instead."""
    table = (sample.Utterance("en-us", 50, 100, 170, -30, 0, "one two three"),)
    assert rms_dbfs(sample.conversation(table)[16_000:].astype(np.float64)) == pytest.approx(-30, abs=0.2)
    loud = sample.conversation((table[0]._replace(rms_dbfs=0),))
    assert np.max(np.abs(loud)) < 1


@pytest.mark.usefixtures("_espeak")
def test_voice_that_espeak_has_not_is_named() -> None:
    """Who tunes the table learns at once what is wrong with it."""
    with pytest.raises(EdgedError, match="voice 'xx-nowhere'"):
        sample.conversation((sample.UTTERANCES[0]._replace(voice="xx-nowhere"),))


def test_missing_espeak_names_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The sample is committed, so that only who changes it needs the program."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="apt-get install espeak-ng"):
        sample.conversation()


def _written(folder: Path) -> Path:
    out = folder / "sample.flac"
    sample.write(out)
    return out
