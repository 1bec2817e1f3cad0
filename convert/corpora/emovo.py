"""EMOVO as its authors publish it (Costantini et al. 2014): ``EMOVO/f1/rab-f1-b1.wav``.

    <speaker>/*.wav ──► Clips

Six Italian actors, three of each gender, say the same fourteen sentences, some of them nonsense, in seven states.  The
name: three letters of the emotion (the first of its Italian word), the speaker, the sentence.
"""

import re
from pathlib import Path

from convert.corpora.clip import Clip, label_of, named, sound_files

NAME = "emovo"
LICENCE = "CC BY-NC-SA 4.0 by a public list of corpora, not verified: research only"
CITE = "Costantini et al. 2014, EMOVO Corpus: an Italian Emotional Speech Database, LREC"
EMOTIONS = {
    "dis": "disgust",  # disgusto
    "gio": "happy",  # gioia
    "pau": "fear",  # paura
    "rab": "angry",  # rabbia
    "neu": "neutral",
    "sor": "surprise",  # sorpresa
    "tri": "sad",  # tristezza
}
SPEAKERS = ("f1", "f2", "f3", "m1", "m2", "m3")
_FILE = re.compile(r"(?P<emotion>dis|gio|pau|rab|neu|sor|tri)-(?P<speaker>[fm][123])-[bdln]\d\.wav")


def fits(folder: Path) -> bool:
    """Whether ``folder`` has the authors' layout, or holds the folder that has it."""
    return any(_FILE.fullmatch(file.name) for file in _files(folder))


def read(folder: Path) -> list[Clip]:
    """Every clip of the corpus in ``folder``.

    Raises:
        UsageError: a file's name is not one of EMOVO.
    """
    clips = []
    for file, match in named(_files(folder), _FILE, "EMOVO, expected one like f1/rab-f1-b1.wav"):
        emotion = EMOTIONS[match["emotion"]]
        clips.append(
            Clip(
                id=file.stem,
                corpus=NAME,
                speaker=f"EMOVO_{match['speaker']}",
                gender="female" if match["speaker"].startswith("f") else "male",
                emotion=emotion,
                label=label_of(emotion),
                audio=file,
            )
        )
    return clips


def _files(folder: Path) -> list[Path]:
    inner = folder / "EMOVO" if (folder / "EMOVO").is_dir() else folder
    return [file for speaker in SPEAKERS for file in sound_files(inner / speaker, "*.wav")]
