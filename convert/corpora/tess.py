"""TESS as its authors publish it (Pichora-Fuller, Dupuis 2020): ``OAF_angry/OAF_back_angry.wav``.

    <folder of a speaker and an emotion>/*.wav ──► Clips

Two women of 26 and 64 years, 200 words each.  The name: speaker, word, emotion (``ps`` is pleasant surprise).  Only
the files' names are read, since the folders are spelt in several ways; copies found below another folder of the same
corpus are taken once.
"""

import re
from pathlib import Path

from convert.corpora.clip import Clip, label_of, named, sound_files

NAME = "tess"
LICENCE = "CC BY-NC-ND 4.0"
CITE = "Pichora-Fuller, Dupuis 2020, doi:10.5683/SP2/E8H2MF"
EMOTIONS = {
    "angry": "angry",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happy",
    "neutral": "neutral",
    "ps": "surprise",
    "sad": "sad",
}
# OA_bite_neutral.wav is published without its F.
_FILE = re.compile(rf"(?P<speaker>OA|YA)F?_(?P<word>[a-z]+)_(?P<emotion>{'|'.join(EMOTIONS)})\.wav", re.IGNORECASE)


def fits(folder: Path) -> bool:
    """Whether ``folder`` has the authors' layout."""
    return any(_FILE.fullmatch(file.name) for file in folder.glob("**/*AF_*.wav"))


def read(folder: Path) -> list[Clip]:
    """Every clip of the corpus in ``folder``.

    Raises:
        UsageError: a file's name is not one of TESS.
    """
    clips: dict[str, Clip] = {}
    for file, match in named(sound_files(folder, "**/*.wav"), _FILE, "TESS, expected one like OAF_back_angry.wav"):
        emotion = EMOTIONS[match["emotion"].lower()]
        clips.setdefault(
            file.stem,
            Clip(
                id=file.stem,
                corpus=NAME,
                speaker=f"TESS_{match['speaker'].upper()}F",
                gender="female",
                emotion=emotion,
                label=label_of(emotion),
                audio=file,
            ),
        )
    return list(clips.values())
