"""Windows with the gate's verdict to the spans in which a party speaks."""

import numpy as np
import pytest

from edged.calls.sound.speech import SpeechFrames, seconds, spans
from edged.calls.sound.talk import talk
from edged.features.geometry import GEOMETRY
from edged.features.windows import Window

_N = GEOMETRY.n_frames
_IMAGE = np.zeros((_N, GEOMETRY.n_bands), np.int8)


def window(first: int, levels: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Window:
    """A window from frame ``first`` on."""
    hop = GEOMETRY.hop
    return Window(first * hop, (first + _N - 1) * hop, _IMAGE, -30.0, levels, discontinuous=False)


def levels(*loud: tuple[int, int]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """(188,) -60 dBFS, and -25 in these runs of frames."""
    made = np.full(_N, -60, np.float32)
    for first, last in loud:
        made[first:last] = -25
    return made


def test_loud_frames_of_windows_with_speech() -> None:
    """The gate's word decides, and within it the level; a window without speech adds nothing."""
    frames = SpeechFrames(-80.0)
    frames.add(window(0, levels((50, 100))), speech=True)
    frames.add(window(_N, levels((50, 100))), speech=False)
    speaking = frames.frames(2 * _N)
    assert np.flatnonzero(speaking).tolist() == list(range(50, 100))
    assert seconds(speaking) == pytest.approx(50 * GEOMETRY.hop_s)


def test_short_pauses_close_and_clicks_go() -> None:
    """A pause under half a second belongs to the turn; a burst under 0.15 s is none."""
    frames = SpeechFrames(-80.0)
    frames.add(window(0, levels((20, 60), (80, 120), (180, 185))), speech=True)
    (one,) = spans(frames.frames(_N))
    assert one.start_s == pytest.approx(20 * GEOMETRY.hop_s)
    assert one.end_s == pytest.approx(120 * GEOMETRY.hop_s)


def test_speech_without_a_pause_and_soft_noise() -> None:
    """A window that is loud throughout is speech throughout; what is below the gate's level is not."""
    steady, soft = SpeechFrames(-80.0), SpeechFrames(-20.0)
    for frames in (steady, soft):
        frames.add(window(0, np.linspace(-26, -24, _N).astype(np.float32)), speech=True)
    assert steady.frames(_N).all()
    assert not soft.frames(_N).any()


def test_talk_of_two_parties() -> None:
    """Talk time, overlap and silence add up to the recording."""
    customer, agent = SpeechFrames(-80.0), SpeechFrames(-80.0)
    customer.add(window(0, levels((0, 80))), speech=True)
    agent.add(window(0, levels((40, 110))), speech=True)
    duration_s = _N * GEOMETRY.hop_s
    measured = talk(customer, agent, duration_s)
    first, second = measured.parties
    assert measured.overlap_s == pytest.approx(40 * GEOMETRY.hop_s)
    assert first.speech_s + second.speech_s - measured.overlap_s + measured.silence_s == pytest.approx(duration_s)
    (silence,) = measured.silences
    assert silence.end_s == pytest.approx(duration_s, abs=0.001)
