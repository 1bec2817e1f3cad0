"""Made-up recordings: a pitch, a roughness and an arousal a label, a shift a speaker."""

from pathlib import Path

import numpy as np
import soundfile

from edged.features.logmel import Floats

RATE_HZ = 16_000
EIGHT = ("angry", "bored", "calm", "disgust", "fear", "happy", "sad", "surprise")
SPEAKERS = ("ada", "ben", "cleo", "dora")
GENDERS = ("female", "male")
_QUIET_S = 0.4  # before and after the voice, so that a gate by level opens


def write_index(
    folder: Path, labels: tuple[str, ...] = EIGHT, speakers: tuple[str, ...] = SPEAKERS, each: int = 3
) -> Path:
    """``each`` clips of every label and speaker below ``folder``, and the index that names them."""
    rows = ["file,speaker,emotion,gender,arousal"]
    for number, speaker in enumerate(speakers):
        (folder / speaker).mkdir(parents=True, exist_ok=True)
        for place, label in enumerate(labels):
            for take in range(each):
                name = f"{speaker}/{label}-{take}.wav"
                soundfile.write(folder / name, voice(place, number, take), RATE_HZ)
                rows.append(f"{name},{speaker},{label},{GENDERS[number % 2]},{1 + 4 * place / len(labels):.2f}")
    index = folder / "index.csv"
    index.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return index


def voice(label: int, speaker: int, take: int, duration_s: float = 1.2) -> Floats:
    """(n,) samples; the same for the same numbers."""
    rng = np.random.default_rng((label, speaker, take))
    at = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    pitch_hz = 110 * 1.25**label * (1 + 0.04 * speaker + 0.01 * take)
    wobble = 1 + 0.02 * np.sin(2 * np.pi * (3 + label) * at)
    harmonics = np.sum([np.sin(2 * np.pi * n * pitch_hz * wobble * at) / n for n in range(1, 8)], axis=0)
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * at) ** 2
    loud = 0.1 * harmonics * syllables + 0.003 * (1 + label) * rng.standard_normal(len(at))
    quiet = 0.0003 * rng.standard_normal((2, round(_QUIET_S * RATE_HZ)))
    return np.asarray(np.concatenate([quiet[0], loud, quiet[1]]), np.float32)
