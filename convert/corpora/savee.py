"""SAVEE in both published layouts (Haq, Jackson 2010): ``AudioData/DC/a01.wav``, or all in one folder, ``DC_a01.wav``.

    AudioData/<speaker>/*.wav or *.wav ──► Clips

Four men.  The letters before the number are the emotion: ``sa`` is sad, ``su`` surprise.
"""

import re
from pathlib import Path

from convert.corpora.clip import Clip, label_of, named, sound_files

NAME = "savee"
LICENCE = "free for research, by registration with the University of Surrey"
CITE = "Haq, Jackson 2010, Multimodal Emotion Recognition"
EMOTIONS = {
    "a": "angry",
    "d": "disgust",
    "f": "fear",
    "h": "happy",
    "n": "neutral",
    "sa": "sad",
    "su": "surprise",
}
SPEAKERS = ("DC", "JE", "JK", "KL")
_FILE = re.compile(r"(?:(?P<speaker>DC|JE|JK|KL)_)?(?P<emotion>sa|su|[adfhn])\d\d\.wav")


def fits(folder: Path) -> bool:
    """Whether ``folder`` has one of the two layouts."""
    return any(_FILE.fullmatch(file.name) for file in _files(folder))


def read(folder: Path) -> list[Clip]:
    """Every clip of the corpus in ``folder``.

    Raises:
        UsageError: a file's name is not one of SAVEE.
    """
    clips = []
    for file, match in named(_files(folder), _FILE, "SAVEE, expected one like DC/a01.wav or DC_a01.wav"):
        speaker = match["speaker"] or file.parent.name
        emotion = EMOTIONS[match["emotion"]]
        clips.append(
            Clip(
                id=f"{speaker}_{file.stem.removeprefix(speaker + '_')}",
                corpus=NAME,
                speaker=f"SAVEE_{speaker}",
                gender="male",
                emotion=emotion,
                label=label_of(emotion),
                audio=file,
            )
        )
    return sorted(clips, key=lambda clip: clip.id)


def _files(folder: Path) -> list[Path]:
    authors = [file for speaker in SPEAKERS for file in sound_files(folder / "AudioData" / speaker, "*.wav")]
    flat = [file for speaker in SPEAKERS for file in sound_files(folder, f"{speaker}_*.wav")]
    return authors or flat
