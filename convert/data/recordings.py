"""Sound files to samples, for training: any rate and any number of channels become 16 kHz mono.

file ──SoundFile of the device──► (n, channels) ──mean──► (n,) ──soxr HQ──► samples (n,) float32 at 16 kHz
samples ──► a file of 16 bits, or the same samples after a codec

Recordings are read and refused as on the device, in the same words: one that is cut off would train on half a word.
"""

import io
from pathlib import Path

import numpy as np
import soundfile
import soxr

from edged.audio.sound_file import SoundFile
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_FINE_HZ = 100_000  # precision of a rate, which must be a ratio of whole numbers
_CODECS = {"ulaw": ("WAV", "ULAW"), "adpcm": ("WAV", "IMA_ADPCM"), "mp3": ("MP3", "MPEG_LAYER_III")}
_MP3_LEVEL = 0.85  # of libsndfile's 0 to 1; at 16 kHz mono it is 32 kbit/s


def samples(file: Path, padded_s: float | None = None) -> Floats:
    """(n,) mono at 16 kHz, in [-1, 1]; exactly ``padded_s`` long where given, cut or filled with zeros.

    Raises:
        RecordingError: the file is no sound, is empty or cut off, or holds samples that are not numbers.
    """
    with SoundFile(file) as sound:
        mono = np.concatenate([block.mean(axis=1) for block in sound.blocks()])
        rate_hz = sound.sample_rate_hz
    if rate_hz != GEOMETRY.sample_rate_hz:
        mono = soxr.resample(mono, rate_hz, GEOMETRY.sample_rate_hz, quality="HQ")
    if padded_s is not None:
        length = round(padded_s * GEOMETRY.sample_rate_hz)
        mono = np.pad(mono[:length], (0, max(0, length - len(mono))))
    return np.asarray(mono, np.float32)


def resampled(mono: Floats, rate: float) -> Floats:
    """(n / rate,) ``mono`` (n,) played ``rate`` times as fast, which raises its pitch by the same factor."""
    return np.asarray(soxr.resample(mono, round(rate * _FINE_HZ), _FINE_HZ, quality="HQ"), np.float32)


def coded(mono: Floats, codec: str) -> Floats:
    """(n,) ``mono`` (n,) at 16 kHz after ``codec``: ulaw, adpcm or mp3 (about 32 kbit/s)."""
    container, subtype = _CODECS[codec]
    with io.BytesIO() as file:
        soundfile.write(file, mono, GEOMETRY.sample_rate_hz, format=container, subtype=subtype)
        file.seek(0)
        decoded, _ = soundfile.read(file, dtype="float32")
    return np.asarray(np.resize(decoded, len(mono)) if len(decoded) < len(mono) else decoded[: len(mono)], np.float32)


def response(file: Path) -> Floats:
    """(k,) a room's impulse response, beginning with its greatest sample; it keeps a sound's energy."""
    whole = samples(file)
    direct = whole[int(np.abs(whole).argmax()) :]
    return np.asarray(direct / np.sqrt(np.sum(direct**2)), np.float32)


def write(file: Path, samples: Floats) -> None:
    """``samples`` (n,) as a recording of 16 bits."""
    soundfile.write(file, samples, GEOMETRY.sample_rate_hz, subtype="PCM_16")


def write_narrow(file: Path, samples: Floats) -> None:
    """``samples`` (n,) or (n, channels) at 8 kHz as call recorders write them: mu-law."""
    soundfile.write(file, samples, GEOMETRY.sample_rate_hz // 2, subtype="ULAW")


def write_as(file: Path, samples: Floats, form: str, subtype: str) -> Path:
    """``samples`` (n,) or (n, channels) at 16 kHz in a format of libsndfile."""
    soundfile.write(file, samples, GEOMETRY.sample_rate_hz, subtype, format=form)
    return file


def through_mp3(samples: Floats) -> Floats:
    """(n,) ``samples`` (n,) after MP3 at 32 kbit/s, with the encoder's delay where the file does not declare it."""
    packed = io.BytesIO()
    soundfile.write(
        packed,
        samples,
        GEOMETRY.sample_rate_hz,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=_MP3_LEVEL,
    )
    packed.seek(0)
    decoded, _ = soundfile.read(packed, dtype="float32")
    return np.pad(decoded[: len(samples)], (0, max(0, len(samples) - len(decoded)))).astype(np.float32)
