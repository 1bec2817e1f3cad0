"""The same clips with changes that leave the emotion as it is: an offset, hum, a shift, another level or format.

    clips ──transform──► sound files ──edged classify, as users run it──► labels ──against the clip's own──► shares

A share of changed labels is not an error rate: it counts answers that changed although the emotion did not.  The clips
are drawn from speakers that no bundle was trained on, with a fixed seed, so each bundle gets the same.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tqdm import tqdm

from convert import corpora
from convert.corpora.clip import Clip
from convert.data import recordings, splits
from edged.errors import ModelError, UsageError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

N_CLIPS = 44
_CORPORA = ("emodb", "ravdess", "nemo", "emovo")  # those whose test speakers come as sound; EMOVO is never trained on
_RATE_HZ = GEOMETRY.sample_rate_hz
_HEADROOM = np.float32(0.7)  # so that an offset of 0.2 clips little
_SHIFTS_MS = (8, 16, 50, 100, 150, 250)
_BUZZ = {1: 1.0, 2: 0.3, 3: 0.5, 4: 0.1, 5: 0.25, 6: 0.1, 7: 0.1}  # amplitude of a transformer's harmonics
_APART_S = 0.0005  # between two capsules 17 cm apart
_HISS_DBFS = -40.0
_NOISE_DB = 20  # of signal to noise
_LEAD_S = 3.0  # of the noise before a clip that is the same for each shift
OWN = "as recorded"

Change = Callable[[Floats], Floats]  # samples (n,) to (n,) or (n, channels)
Pack = Callable[[Path, Floats], Path]
IN_NOISE = {f"{ms} ms later, in noise of {_NOISE_DB} dB": ms / 1000 for ms in (8, 50, 100, 250, 3000)}


def drawn(folder: Path, seed: int, side: splits.Split = "test") -> list[Clip]:
    """``N_CLIPS`` clips with sound from the corpora in ``folder``, equally many of each, of speakers on one side.

    Raises:
        UsageError: no corpus with sound is there.
    """
    found: list[Clip] = []
    there = [name for name in _CORPORA if (folder / name).is_dir()]
    for index, name in enumerate(there):
        clips = [clip for clip in corpora.read(folder / name) if clip.label and clip.audio]
        side_of = splits.split_of(name, {clip.speaker for clip in clips})
        never = not splits.assignments(name)
        own = sorted((clip for clip in clips if never or side_of[clip.speaker] == side), key=lambda clip: clip.id)
        n = N_CLIPS // len(there) + (index < N_CLIPS % len(there))
        order = np.random.default_rng([seed, *name.encode()]).permutation(len(own))[:n]
        found += [own[place] for place in sorted(order.tolist())]
    if not found:
        raise UsageError(f"{folder}: none of {', '.join(_CORPORA)}, expected one with sound")
    return found


def transforms() -> dict[str, tuple[Change, Pack]]:
    """By name what is done to samples and how they are written."""
    found: dict[str, tuple[Change, Pack]] = {OWN: (lambda x: x, _float_wav)}
    for offset in (0.005, 0.02, 0.05, 0.2):
        found[f"offset {offset:g}"] = _offset(offset), _float_wav
    for mains_hz in (50, 60):
        for dbfs in (-40, -30):
            found[f"hum {mains_hz} Hz, {dbfs} dBFS"] = _hum({1: 1.0}, mains_hz, dbfs), _float_wav
    found["buzz 50 to 350 Hz, -40 dBFS"] = _hum(_BUZZ, 50, -40), _float_wav
    for ms in _SHIFTS_MS:
        found[f"{ms} ms later"] = _later(ms / 1000), _float_wav
    for name, by_s in IN_NOISE.items():
        found[name] = _in_noise(by_s), _float_wav
    found["3 s of zeros before"] = _later(3.0), _float_wav
    found["20 dB softer"] = (lambda x: x * np.float32(0.1)), _float_wav
    found["second channel inverted"] = (lambda x: np.stack([x, -x], axis=1)), _float_wav
    found["second channel 0.5 ms later"] = _apart, _float_wav
    found["second channel hisses"] = _hissing, _float_wav
    found["right channel alone"] = (lambda x: np.stack([np.zeros_like(x), x], axis=1)), _float_wav
    found["WAV, 16 bit"] = (lambda x: x), _as("WAV", "PCM_16")
    found["FLAC"] = (lambda x: x), _as("FLAC", "PCM_16")
    found["FLAC of unknown length"] = (lambda x: x), _flac_of_unknown_length
    found["MP3"] = (lambda x: x), _as("MP3", "MPEG_LAYER_III")
    found["MP3 without a Xing frame"] = (lambda x: x), _mp3_without_xing
    found["Ogg Vorbis"] = (lambda x: x), _as("OGG", "VORBIS")
    found["Opus"] = (lambda x: x), _as("OGG", "OPUS")
    return found


def changed_labels(clips: Sequence[Clip], checkout: Path, bundle: Path | None) -> dict[str, dict[str, float]]:
    """By transform: shares of ``clips`` that change their label, that get none, and whose file is refused.

    ``checkout`` is the source tree whose ``edged classify`` answers, ``bundle`` another than its default.
    """
    sounds = [recordings.samples(clip.audio) for clip in clips if clip.audio]
    own: list[str | None] = []
    in_noise: list[str | None] | None = None
    rows: dict[str, dict[str, float]] = {}
    with TemporaryDirectory(prefix="edged-transforms-") as folder:
        where = (checkout, bundle, Path(folder))
        for name, (change, pack) in tqdm(transforms().items(), desc="transforms", leave=False, disable=None):
            files = [pack(Path(folder, f"{place:02}"), change(x)) for place, x in enumerate(sounds)]
            labels = _labels(files, *where)
            own = own or labels
            if name in IN_NOISE and in_noise is None:  # a change that the noise causes is not caused by the shift
                in_noise = _labels([pack(file, _in_noise(0)(x)) for file, x in zip(files, sounds, strict=True)], *where)
            against = in_noise if in_noise and name in IN_NOISE else own
            rows[name] = {
                "changed": float(np.mean([a != b for a, b in zip(labels, against, strict=True)])),
                "none": labels.count("none") / len(labels),
                "refused": labels.count(None) / len(labels),
            }
            for file in files:
                file.unlink()
    return rows


def measured(folder: Path, seed: int, checkout: Path, bundle: Path | None, side: splits.Split) -> dict[str, Any]:
    """The rows and what they were measured on."""
    clips = drawn(folder, seed, side)
    counts = {name: sum(clip.corpus == name for clip in clips) for name in dict.fromkeys(clip.corpus for clip in clips)}
    rows = changed_labels(clips, checkout, bundle)
    return {"clips": len(clips), "corpora": counts, "seed": seed, "side": side, "rows": rows}


def _labels(files: Sequence[Path], checkout: Path, bundle: Path | None, folder: Path) -> list[str | None]:
    """The label of each file, None of one that is refused."""
    config = folder / "config.yaml"
    config.write_text(f"models: {{bundle: {json.dumps(str(bundle.resolve()))}}}\n" if bundle else "", encoding="utf-8")
    command = [sys.executable, "-m", "edged", "classify", "--config", str(config), "--jsonl", *map(str, files)]
    environment = {**os.environ, "PYTHONPATH": str(checkout.resolve()), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    found = {line["file"]: line["label"] for line in map(json.loads, done.stdout.splitlines())}
    if not found and "cut off" not in done.stderr:
        raise ModelError(f"{checkout}: edged classify failed ({done.stderr.strip()[-300:]}), expected a label a file")
    return [found.get(str(file)) for file in files]


def _clipped(samples: Floats) -> Floats:
    return np.clip(samples, -1, 1).astype(np.float32)


def _offset(offset: float) -> Change:
    return lambda samples: _clipped(_HEADROOM * samples + np.float32(offset))


def _hum(harmonics: dict[int, float], mains_hz: float, dbfs: float) -> Change:
    rms = np.sqrt(sum(amplitude**2 for amplitude in harmonics.values()) / 2)

    def change(samples: Floats) -> Floats:
        time_s = np.arange(len(samples)) / _RATE_HZ
        hum = sum(a * np.sin(2 * np.pi * mains_hz * k * time_s + k) for k, a in harmonics.items())
        return _clipped(_HEADROOM * samples + 10 ** (dbfs / 20) / rms * hum)

    return change


def _later(by_s: float) -> Change:
    return lambda samples: np.concatenate([np.zeros(round(by_s * _RATE_HZ), np.float32), samples])


def _in_noise(by_s: float) -> Change:
    """The clip later, in noise that begins before the clip and is the same for each shift."""

    def change(samples: Floats) -> Floats:
        lead, by = round(_LEAD_S * _RATE_HZ), round(by_s * _RATE_HZ)
        noise = np.random.default_rng(len(samples)).standard_normal(lead + len(samples))
        noise *= samples.std() * 10 ** (-_NOISE_DB / 20)
        later = np.concatenate([np.zeros(by, np.float32), samples])
        return np.asarray(later + noise[lead - by :], np.float32)

    return change


def _apart(samples: Floats) -> Floats:
    delay = round(_APART_S * _RATE_HZ)
    return np.stack([samples, np.concatenate([np.zeros(delay, np.float32), samples[:-delay]])], axis=1)


def _hissing(samples: Floats) -> Floats:
    hiss = np.random.default_rng(len(samples)).standard_normal(len(samples)) * 10 ** (_HISS_DBFS / 20)
    return np.stack([samples, samples + hiss.astype(np.float32)], axis=1)


def _float_wav(path: Path, samples: Floats) -> Path:
    return recordings.write_as(path.with_suffix(".wav"), samples, "WAV", "FLOAT")


def _as(form: str, subtype: str) -> Pack:
    return lambda path, samples: recordings.write_as(path.with_suffix(f".{form.lower()}"), samples, form, subtype)


def _flac_of_unknown_length(path: Path, samples: Floats) -> Path:
    """As a pipe gives it: no number of samples in STREAMINFO, which are the last 36 bits before the MD5."""
    file = _as("FLAC", "PCM_16")(path, samples)
    content = bytearray(file.read_bytes())
    content[21] &= 0xF0
    content[22:42] = bytes(20)
    file.write_bytes(content)
    return file


def _mp3_without_xing(path: Path, samples: Floats) -> Path:
    """As a pipe gives it: without the first frame, which has the number of frames."""
    file = _as("MP3", "MPEG_LAYER_III")(path, samples)
    content = file.read_bytes()
    file.write_bytes(content[content.index(content[:2], 4) :])
    return file
