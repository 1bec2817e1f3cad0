"""A recording to a bit of each channel or voice, so that a person can say which one is the customer's.

file ──first minutes──► levels by channel ──the seconds in which one channel is alone──► left.wav, right.wav
     ──the longest turn of each voice of a split──► voice-1.wav, voice-2.wav
"""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edged.audio.sound_file import SoundFile
from edged.contract.call_report import Span
from edged.features.logmel import Floats
from edged.web.calls.messages import CHANNELS, Channel, VoiceNumber

_SEARCHED_S = 180  # from the start of the recording
_PREVIEW_S = 8
_SILENT = 1e-4  # -80 dB of full scale: below, a channel has no sound
_PEAK, _MAX_GAIN = 0.7, 10.0  # a quiet channel is made louder, so that it can be recognised
_FULL_SCALE = 32767


def preview(folder: Path, channel: Channel) -> Path:
    """The path of the preview of ``channel``."""
    return folder / f"{channel}.wav"


def voice_preview(folder: Path, number: VoiceNumber) -> Path:
    """The path of the preview of a voice."""
    return folder / f"voice-{number}.wav"


def write_voice_preview(file: SoundFile, path: Path, sample: Span) -> None:
    """Write ``sample`` of an open mono ``file``; its channels are mixed."""
    first, last = (round(seconds * file.sample_rate_hz) for seconds in (sample.start_s, sample.end_s))
    at, pieces = 0, []
    for block in file.blocks():
        pieces.append(block[max(0, first - at) : max(0, last - at)].mean(axis=1, keepdims=True))
        at += len(block)
        if at >= last:
            break
    _write(path, [piece for piece in pieces if len(piece)] or [np.zeros((1, 1), np.float32)], 0, file.sample_rate_hz)


def write_previews(file: SoundFile, folder: Path) -> list[Channel]:
    """Write a bit of each channel of an open stereo ``file``; returns the channels that are silent there."""
    blocks = list(file.beginning(_SEARCHED_S))  # a second each; 8 kHz x 2 channels x 180 s are 12 MB
    if not blocks:
        return list(CHANNELS)
    levels = np.array([np.sqrt(np.mean(np.square(block, dtype=np.float64), axis=0)) for block in blocks])
    silent: list[Channel] = []
    for index, channel in enumerate(CHANNELS):
        start = _start(levels[:, index] - levels[:, 1 - index])
        _write(preview(folder, channel), blocks[start : start + _PREVIEW_S], index, file.sample_rate_hz)
        if levels[:, index].max() < _SILENT:
            silent.append(channel)
    return silent


def _start(alone: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> int:
    """The second from which on one channel is louder than the other for the length of a preview."""
    n = min(_PREVIEW_S, len(alone))
    return int(np.convolve(alone, np.ones(n), mode="valid").argmax())


def _write(path: Path, blocks: Sequence[Floats], index: int, sample_rate_hz: int) -> None:
    samples = np.concatenate([block[:, index] for block in blocks])
    peak = float(np.abs(samples).max())
    gain = min(_PEAK / peak, _MAX_GAIN) if peak > 0 else 1.0
    pcm = np.clip(samples * gain * _FULL_SCALE, -_FULL_SCALE, _FULL_SCALE).astype("<i2")
    with wave.open(str(path), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(sample_rate_hz)
        written.writeframes(pcm.tobytes())
