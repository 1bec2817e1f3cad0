"""Calls that are short, mono, silent, from a telephone or without emotion: their report, or why there is no score."""

from pathlib import Path

import numpy as np
import pytest

from edged.calls.analysis import analyse
from edged.calls.settings import Turn
from edged.config.structs import Calls, Config
from tests.parts.calls.composed import CALMS, RATE_HZ, call, write
from tests.parts.calls.settings import SETTINGS, replaced


def test_too_little_speech_gives_a_timeline_and_a_reason(tmp_path: Path) -> None:
    """A short call has windows and no score."""
    short = analyse(write(tmp_path / "short.wav", call(("angry", "neutral"))), SETTINGS)
    assert short.outcome == "no_score"
    assert "at least 30 s needed" in (short.reason or "")
    assert any(window.smooth is not None for window in short.windows)
    assert not short.moments


def test_mono_call_has_no_score_without_turns(tmp_path: Path) -> None:
    """One channel: a timeline of both voices, and why there is no score; with turns there is one."""
    sides = call(CALMS)
    file = write(tmp_path / "mono.wav", sides.sum(axis=1))
    alone = analyse(file, SETTINGS)
    assert alone.call.customer == "mono"
    assert alone.call.separated_by is None
    assert [party.role for party in alone.talk.parties] == ["both"]
    assert "choose the customer's voice: --voice 1 (speaks first at" in (alone.reason or "")
    turned = analyse(file, replaced(turns=turns_of(sides), speaker="Customer"))
    assert turned.call.separated_by == "turns"
    assert turned.score is not None
    assert turned.score.value > 5.5
    assert turned.talk.parties[1].speech_s == pytest.approx(2 * len(CALMS), abs=4)


def test_same_sound_on_both_channels_is_one_channel(tmp_path: Path) -> None:
    """A recorder that doubles a mono line: no score, and the reason says so."""
    mixed = call(CALMS).sum(axis=1)
    twice = analyse(write(tmp_path / "twice.wav", np.stack([mixed, mixed], axis=1)), SETTINGS)
    assert twice.score is None
    assert "both channels hold the same sound" in (twice.reason or "")
    assert [party.role for party in twice.talk.parties] == ["both"]


def test_telephone_is_recognised_by_its_spectrum(tmp_path: Path) -> None:
    """8 kHz mu-law and A-law, as call recorders write them, and the same sound in a file of 16 kHz."""
    low = low_passed(call(CALMS))
    files = [write(tmp_path / f"{law}.wav", low, 8000, subtype=law) for law in ("ULAW", "ALAW")]
    for narrow in [analyse(file, SETTINGS) for file in (*files, write(tmp_path / "16k.wav", low))]:
        assert narrow.band.kind == "telephone"
        assert narrow.band.highest_hz is not None
        assert narrow.band.highest_hz < 4000
        assert narrow.score is not None


def test_nothing_to_calm(tmp_path: Path) -> None:
    """A customer who is neutral throughout."""
    config = Config(calls=Calls(calm_below=0.6))
    flat = analyse(write(tmp_path / "flat.wav", call(("neutral",) * 8)), replaced(config=config))
    assert flat.outcome == "nothing_to_calm"


def test_silent_call(tmp_path: Path) -> None:
    """Digital silence: no speech, no emotions, a reason."""
    silent = analyse(write(tmp_path / "silent.wav", np.zeros((10 * RATE_HZ, 2), np.float32)), SETTINGS)
    assert (silent.outcome, silent.emotions, silent.uncertain) == ("no_score", {}, None)
    assert silent.band.kind == "unknown"
    assert silent.talk.silence_s == pytest.approx(10, abs=0.1)


def turns_of(sides: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> tuple[Turn, ...]:
    """Who speaks when, by where the composed channels are loud."""
    turns = []
    for column, name in ((0, "customer"), (1, "agent")):
        loud = np.abs(sides[:, column]) > 0.002
        steps = loud[: len(loud) // 1600 * 1600].reshape(-1, 1600).any(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], steps, [False]]).astype(np.int8))).reshape(-1, 2)
        turns += [Turn(float(first) / 10, float(last) / 10, name) for first, last in edges]
    return tuple(turns)


def low_passed(
    sides: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """What a telephone leaves: 300 to 3400 Hz."""
    size = 1 << len(sides).bit_length()  # other sizes take minutes
    spectrum = np.fft.rfft(sides, size, axis=0)
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    spectrum[(hz < 300) | (hz > 3400)] = 0
    return np.asarray(np.fft.irfft(spectrum, size, axis=0)[: len(sides)], np.float32)
