r"""IEMOCAP as its authors lay it out (Busso et al. 2008), for holders of its licence.

    Session<n>/dialog/EmoEvaluation/Ses*.txt, Session<n>/dialog/transcriptions/Ses*.txt,
    Session<n>/sentences/wav/<dialog>/<turn>.wav ──► Clips

An evaluation's first line of a turn reads ``[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000,
2.5000]``: time, turn, the emotion that most annotators chose (``xxx`` where they did not agree), then valence,
activation (which is arousal) and dominance from 1 to 5; all three are read.  The turn's own letter is the speaker:
``Ses01F_impro01_M003`` is the man of session 1.  A transcription's line reads
``Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me.``; other lines of it are remarks.  The
literature uses 4, 6 or 8 classes; ``read`` supports each of them and the cascade's six labels.
"""

import re
from pathlib import Path
from typing import Literal

from convert.corpora.clip import Clip
from edged.errors import UsageError

NAME = "iemocap"
LICENCE = "by licence of the University of Southern California, not to be passed on"
CITE = "Busso et al. 2008, doi:10.1007/s10579-008-9076-6"
EMOTIONS = {
    "ang": "angry",
    "dis": "disgust",
    "exc": "excited",
    "fea": "fear",
    "fru": "frustrated",
    "hap": "happy",
    "neu": "neutral",
    "oth": "other",
    "sad": "sad",
    "sur": "surprise",
    "xxx": "undecided",
}
LABEL_OF = {
    "angry": "angry",
    "disgust": "disgust",
    "excited": "happy",
    "fear": "fear",
    "happy": "happy",
    "neutral": "neutral",
    "sad": "sad",
}
Classes = Literal[4, 6, 8]
CLASSES: dict[Classes, dict[str, str]] = {
    4: {"angry": "angry", "excited": "happy", "happy": "happy", "neutral": "neutral", "sad": "sad"},
    6: {name: name for name in ("angry", "excited", "frustrated", "happy", "neutral", "sad")},
    8: {name: name for name in ("angry", "excited", "fear", "frustrated", "happy", "neutral", "sad", "surprise")},
}
_TURN = re.compile(
    r"\[[\d.]+ - [\d.]+\]\t(?P<turn>(?P<dialog>Ses0(?P<session>\d)[FM]_\w+)_(?P<speaker>[FM])\d{3})\t(?P<emotion>\w{3})"
    r"\t\[(?P<valence>[\d.]+), (?P<arousal>[\d.]+), (?P<dominance>[\d.]+)\]\s*"
)
_WORDS = re.compile(r"(?P<turn>Ses\d\d[FM]_\w+_[FM]\d{3}) \[[\d.]+-[\d.]+\]:\s*(?P<words>.*?)\s*")
_GENDERS = {"F": "female", "M": "male"}


def fits(folder: Path) -> bool:
    """Whether ``folder`` has the authors' layout."""
    return any(folder.glob("Session*/dialog/EmoEvaluation/*.txt"))


def read(folder: Path, n_classes: Classes | None = None) -> list[Clip]:
    """Every turn of the corpus in ``folder``; ``label`` is one of the cascade's six, or of ``n_classes``.

    Raises:
        UsageError: an evaluation is not one of IEMOCAP, or a turn's sound is not there.
    """
    label_of = LABEL_OF if n_classes is None else CLASSES[n_classes]
    clips = []
    for table in sorted(folder.glob("Session*/dialog/EmoEvaluation/Ses*.txt")):
        words = _words(table.parents[1] / "transcriptions" / table.name)
        for number, line in enumerate(table.read_text(encoding="latin-1").splitlines(), start=1):
            if not re.match(r"\[\d", line):
                continue
            match = _TURN.fullmatch(line)
            if match is None or match["emotion"] not in EMOTIONS:
                raise UsageError(f"{table}:{number}: not a turn of IEMOCAP: {line[:60]!r}")
            sound = table.parents[2] / "sentences" / "wav" / match["dialog"] / f"{match['turn']}.wav"
            if not sound.is_file():
                raise UsageError(f"{sound}: not there, expected the turn that {table}:{number} names")
            emotion = EMOTIONS[match["emotion"]]
            clips.append(
                Clip(
                    id=match["turn"],
                    corpus=NAME,
                    speaker=f"IEMOCAP_{match['session']}{match['speaker']}",
                    gender=_GENDERS[match["speaker"]],
                    emotion=emotion,
                    label=label_of.get(emotion),
                    sentence=match["turn"],
                    words=words.get(match["turn"], ""),
                    valence=float(match["valence"]),
                    arousal=float(match["arousal"]),
                    dominance=float(match["dominance"]),
                    audio=sound,
                )
            )
    return clips


def _words(transcription: Path) -> dict[str, str]:
    """The spoken words by turn; empty if the dialogue has no transcription."""
    if not transcription.is_file():
        return {}
    lines = transcription.read_text(encoding="latin-1").splitlines()
    return {match["turn"]: match["words"] for line in lines if (match := _WORDS.fullmatch(line))}
