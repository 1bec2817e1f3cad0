"""The level gate: frames louder than the noise floor."""

import numpy as np
import pytest

from edged.features.logmel import Floats
from edged.models.level_gate import GateSettings, LevelGate, quiet_dbfs

N_FRAMES = 188


def gate() -> LevelGate:
    """Default settings: 12 dB above the floor, -60 dBFS, 25 frames."""
    return LevelGate(GateSettings(margin_db=12, min_dbfs=-60, min_frames=25), stride_s=0.5)


def levels(background_dbfs: float, speech_dbfs: float = -96, n_speech: int = 0) -> Floats:
    """(188,) a steady background whose first frames are louder."""
    frames = np.full(N_FRAMES, background_dbfs, np.float32)
    frames[:n_speech] = speech_dbfs
    return frames


def test_speech_over_noise_opens() -> None:
    """Frames 30 dB above the floor are speech."""
    assert gate().detects_speech(levels(-65, -35, 60))


def test_restart_forgets_the_floor() -> None:
    """A loud background is the floor of its own stream only."""
    restarted = gate()
    assert restarted.detects_speech(levels(-20)) is False
    restarted.restart()
    assert restarted.floor_dbfs is None
    assert restarted.detects_speech(levels(-65, -35, 60))


def test_too_few_loud_frames_stay_closed() -> None:
    """A click of 24 frames is not speech, 25 frames are."""
    assert not gate().detects_speech(levels(-65, -35, 24))
    assert gate().detects_speech(levels(-65, -35, 25))


@pytest.mark.parametrize("background_dbfs", [-96, -70, -40, -10])
def test_steady_noise_is_not_speech(background_dbfs: float) -> None:
    """Steady noise of any level is not speech, from the first window on."""
    closed = gate()
    assert not any(closed.detects_speech(levels(background_dbfs)) for _ in range(20))


def test_very_soft_sound_stays_closed() -> None:
    """Sound below the minimum level is not speech, even far above a silent floor."""
    assert not gate().detects_speech(levels(-95, -62, 100))


def test_floor_falls_at_once_and_rises_slowly() -> None:
    """A fan 20 dB louder opens the gate until the floor, at 2 dB/s, comes within the margin."""
    adapting = gate()
    adapting.detects_speech(levels(-60))
    opened = [adapting.detects_speech(levels(-40)) for _ in range(20)]
    assert opened == [True] * 7 + [False] * 13
    adapting.detects_speech(levels(-70))
    assert adapting.floor_dbfs == pytest.approx(-70)


def test_floor_ignores_digital_silence() -> None:
    """During a muted second the floor stays where it matters, so it recovers soon."""
    adapting = gate()
    adapting.detects_speech(levels(-95))
    assert adapting.floor_dbfs == pytest.approx(-72)


def test_end_of_a_recording_teaches_no_floor() -> None:
    """Missing frames at the end of a clip do not lower the floor."""
    ended = gate()
    assert not ended.detects_speech(levels(-96))
    assert ended.floor_dbfs is None
    clip = levels(-45)
    clip[100:] = -96
    assert not ended.detects_speech(clip)


def test_change_keeps_the_floor() -> None:
    """A new margin applies from the next window, and the floor is kept."""
    changed = gate()
    changed.detects_speech(levels(-70))
    changed.change(GateSettings(margin_db=40, min_dbfs=-60, min_frames=25))
    assert changed.floor_dbfs == -70
    assert not changed.detects_speech(levels(-70, -35, 60))


@pytest.mark.parametrize("n", [1, 2, 10, 11, 188])
def test_quiet_level_is_the_tenth_percentile(n: int) -> None:
    """As numpy interpolates it."""
    levels = np.random.default_rng(n).normal(-50, 10, n).astype(np.float32)
    assert quiet_dbfs(levels) == pytest.approx(float(np.percentile(levels, 10)), abs=1e-4)
