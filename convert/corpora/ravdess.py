"""RAVDESS speech as its authors publish it (Livingstone, Russo 2018): ``Actor_01/03-01-05-01-01-01-01.wav``.

    Actor_*/*.wav ──► Clips

The name's seven numbers: modality, channel (01 speech, 02 song), emotion, intensity, statement, repetition, actor;
actors with odd numbers are male.  Song is left out.
"""

import re
from pathlib import Path

from convert.corpora.clip import Clip, named, sound_files
from convert.corpora.spoken import words

NAME = "ravdess"
LICENCE = "CC BY-NC-SA 4.0"
CITE = "Livingstone, Russo 2018, doi:10.1371/journal.pone.0196391"
EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
LABEL_OF = {
    "neutral": "neutral",
    "calm": "neutral",
    "happy": "happy",
    "sad": "sad",
    "angry": "angry",
    "fear": "fear",
    "disgust": "disgust",
    "surprise": None,
}
INTENSITIES = {"01": "normal", "02": "strong"}
_FILE = re.compile(
    r"\d\d-(?P<channel>0[12])-(?P<emotion>0[1-8])-(?P<intensity>0[12])-(?P<text>0[12])-\d\d-(?P<actor>\d\d)\.wav",
    re.IGNORECASE,
)
_SPEECH = "01"


def fits(folder: Path) -> bool:
    """Whether ``folder`` has the authors' layout."""
    return any(folder.glob("Actor_*/*.wav"))


def read(folder: Path) -> list[Clip]:
    """Every spoken clip of the corpus in ``folder``.

    Raises:
        UsageError: a file's name is not one of RAVDESS.
    """
    clips = []
    files = sound_files(folder, "Actor_*/*.wav")
    for file, match in named(files, _FILE, "RAVDESS, expected one like 03-01-05-01-01-01-01.wav"):
        if match["channel"] != _SPEECH:
            continue
        emotion = EMOTIONS[match["emotion"]]
        clips.append(
            Clip(
                id=file.stem,
                corpus=NAME,
                speaker=f"RAVDESS_{match['actor']}",
                gender="male" if int(match["actor"]) % 2 else "female",
                emotion=emotion,
                label=LABEL_OF[emotion],
                intensity=INTENSITIES[match["intensity"]],
                sentence=match["text"],
                words=words(NAME, match["text"]),
                audio=file,
            )
        )
    return clips
