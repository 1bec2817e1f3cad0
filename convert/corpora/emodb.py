"""EMO-DB as its authors publish it (Burkhardt et al. 2005): ``wav/03a01Fa.wav``.

    wav/*.wav ──► Clips

The name: two digits of the speaker, three characters of the text, one letter of the emotion (the first of its German
word), one of the version.  Boredom is not one of the six labels and is left out.
"""

import re
from pathlib import Path

from convert.corpora.clip import Clip, label_of, named, sound_files
from convert.corpora.spoken import words

NAME = "emodb"
LICENCE = "free to use with citation"
CITE = "Burkhardt et al. 2005, A Database of German Emotional Speech, Interspeech"
EMOTIONS = {
    "W": "angry",  # Wut, Ärger
    "L": "boredom",  # Langeweile
    "E": "disgust",  # Ekel
    "A": "fear",  # Angst
    "F": "happy",  # Freude
    "T": "sad",  # Trauer
    "N": "neutral",
}
GENDERS = {
    "03": "male",
    "08": "female",
    "09": "female",
    "10": "male",
    "11": "male",
    "12": "male",
    "13": "female",
    "14": "female",
    "15": "male",
    "16": "female",
}
_FILE = re.compile(r"(?P<speaker>\d\d)(?P<text>[ab]\d\d)(?P<emotion>[WLEAFTN])[a-z]?\.wav")


def fits(folder: Path) -> bool:
    """Whether ``folder`` has the authors' layout."""
    return any(_FILE.fullmatch(file.name) for file in folder.glob("wav/*.wav"))


def read(folder: Path) -> list[Clip]:
    """Every clip of the corpus in ``folder``.

    Raises:
        UsageError: a file's name is not one of EMO-DB.
    """
    clips = []
    for file, match in named(sound_files(folder / "wav", "*.wav"), _FILE, "EMO-DB, expected one like 03a01Fa.wav"):
        emotion = EMOTIONS[match["emotion"]]
        clips.append(
            Clip(
                id=file.stem,
                corpus=NAME,
                speaker=f"EMODB_{match['speaker']}",
                gender=GENDERS.get(match["speaker"], ""),
                emotion=emotion,
                label=label_of(emotion),
                sentence=match["text"],
                words=words(NAME, match["text"]),
                audio=file,
            )
        )
    return clips
