"""nEMO as its authors publish it (Christop 2024): ``samples/*.wav`` and ``data.tsv``.

    data.tsv (file_id, emotion, …, speaker_id, gender, age), samples/*.wav ──► Clips

Surprise is not one of the six labels and is left out; disgust was not recorded.
"""

import csv
from pathlib import Path

from convert.corpora.clip import Clip, label_of
from edged.errors import UsageError

NAME = "nemo"
LICENCE = "CC BY-NC-SA 4.0"
CITE = "Christop 2024, arXiv:2404.06292"
EMOTIONS = {
    "anger": "angry",
    "fear": "fear",
    "happiness": "happy",
    "neutral": "neutral",
    "sadness": "sad",
    "surprised": "surprise",
}


def fits(folder: Path) -> bool:
    """Whether ``folder`` has the authors' layout."""
    return (folder / "data.tsv").is_file() and (folder / "samples").is_dir()


def read(folder: Path) -> list[Clip]:
    """Every clip of the corpus in ``folder``, in the order of the files' names.

    Raises:
        UsageError: ``data.tsv`` is not what its authors publish, or names a file that is not there.
    """
    table = folder / "data.tsv"
    clips = []
    try:
        with table.open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                emotion = EMOTIONS[row["emotion"].strip()]
                file = folder / "samples" / row["file_id"].strip()
                clips.append(
                    Clip(
                        id=file.stem,
                        corpus=NAME,
                        speaker=f"nEMO_{row['speaker_id'].strip()}",  # published with eight spaces before it
                        gender=row["gender"].strip(),
                        emotion=emotion,
                        label=label_of(emotion),
                        sentence=file.stem.rpartition("_")[2],
                        words=(row.get("raw_text") or "").strip(),
                        audio=file,
                    )
                )
    except (KeyError, ValueError, AttributeError) as exc:
        raise UsageError(f"{table}: {exc}, expected the columns and emotions of nEMO's data.tsv") from exc
    absent = [clip.audio for clip in clips if clip.audio and not clip.audio.is_file()]
    if absent:
        raise UsageError(f"{absent[0]}: not there, expected the file that {table} names ({len(absent)} are absent)")
    return sorted(clips, key=lambda clip: clip.id)
