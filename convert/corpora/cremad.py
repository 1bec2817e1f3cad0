"""CREMA-D as its authors publish it (Cao et al. 2014): ``AudioWAV/1001_DFA_ANG_XX.wav`` and its tables.

    AudioWAV/*.wav, VideoDemographics.csv, processedResults/tabulatedVotes.csv ──► Clips

The name says actor, sentence, emotion and intensity.  Gender comes from ``VideoDemographics.csv``.  Votes come from
``tabulatedVotes.csv``, whose rows 1xxxxx are the votes of listeners without video; both tables may be absent.
A clip is its first 3 s, zero-padded, as in the published log-mel, so that both are the same.
"""

import csv
import re
from pathlib import Path

from convert.corpora.clip import LABELS, Clip, named, sound_files
from convert.corpora.spoken import words
from edged.errors import UsageError

NAME = "cremad"
LICENCE = "ODbL 1.0 (database), DbCL 1.0 (contents)"
CITE = "Cao et al. 2014, doi:10.1109/TAFFC.2014.2336244"
EMOTIONS = {"ANG": "angry", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
VOTES = ("A", "D", "F", "H", "N", "S")  # columns of tabulatedVotes.csv, in the order of LABELS
LEVELS = ("meanAngerResp", "meanDisgustResp", "meanFearResp", "meanHappyResp", "meanNeutralResp", "meanSadResp")
PADDED_S = 3.0
_FILE = re.compile(
    rf"(?P<actor>\d{{4}})_(?P<text>[A-Z]{{3}})_(?P<emotion>{'|'.join(EMOTIONS)})_(?P<intensity>[A-Z]{{1,2}})\.wav"
)
_VOICE_ONLY = "1"  # first digit of a row's number: 1 voice, 2 face, 3 both


def fits(folder: Path) -> bool:
    """Whether ``folder`` has the authors' layout."""
    return (folder / "AudioWAV").is_dir()


def read(folder: Path) -> list[Clip]:
    """Every clip of the corpus in ``folder``.

    Raises:
        UsageError: a table of the corpus is not what its authors publish.
    """
    genders = _genders(folder / "VideoDemographics.csv")
    votes = _votes(folder / "processedResults" / "tabulatedVotes.csv")
    clips = []
    files = sound_files(folder / "AudioWAV", "*.wav")
    for file, match in named(files, _FILE, "CREMA-D, expected one like 1001_DFA_ANG_XX.wav"):
        counts, level = votes.get(file.stem, (None, None))
        emotion = EMOTIONS[match["emotion"]]
        clips.append(
            Clip(
                id=file.stem,
                corpus=NAME,
                speaker=f"CREMAD_{match['actor']}",
                gender=genders.get(match["actor"], ""),
                emotion=emotion,
                label=emotion,
                intensity=match["intensity"],
                sentence=match["text"],
                words=words(NAME, match["text"]),
                level=level,
                votes=counts,
                audio=file,
                padded_s=PADDED_S,
            )
        )
    return clips


def _genders(table: Path) -> dict[str, str]:
    if not table.is_file():
        return {}
    try:
        with table.open(newline="", encoding="utf-8") as lines:
            return {row["ActorID"]: row["Sex"].lower() for row in csv.DictReader(lines)}
    except (KeyError, ValueError, AttributeError) as exc:  # the last of a row that ends early
        raise UsageError(f"{table}: {exc}, expected the columns ActorID and Sex") from exc


def _votes(table: Path) -> dict[str, tuple[tuple[float, ...], float]]:
    """By clip: votes in the order of LABELS, and the mean level that those who chose the most frequent answer gave."""
    if not table.is_file():
        return {}
    votes = {}
    try:
        with table.open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                if not row[""].startswith(_VOICE_ONLY):
                    continue
                counts = tuple(float(row[column]) for column in VOTES)
                chosen = [float(row[LEVELS[k]]) for k in range(len(LABELS)) if counts[k] == max(counts)]
                votes[row["fileName"]] = counts, sum(chosen) / len(chosen)
    except (KeyError, ValueError, AttributeError, TypeError) as exc:
        raise UsageError(f"{table}: {exc}, expected the columns of CREMA-D's tabulatedVotes.csv") from exc
    return votes
