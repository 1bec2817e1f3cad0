"""Any corpus that comes with an ``index.csv``: sound files, or log-mel that is stored already.

    index.csv with ``file`` ──► Clips with audio
    index.csv with ``clip``, ``start``, ``n_frames``, and logmel_u8.npy.xz (n_frames_total, 64) uint8
        ──► Clips with stored log-mel

``speaker`` and ``emotion`` are required; ``gender``, ``intensity``, ``voice_level``, ``votes_<label>``, ``valence``,
``arousal``, ``dominance``, ``corpus``, ``text_id`` and ``words`` are optional.  Stored values are -80..0 dB in 255
equal parts, with neighbouring pairs of 128 bands averaged: exactly the models' input.
"""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from convert.corpora.clip import LABELS, Clip, Stored
from convert.corpora.spoken import words
from edged.errors import UsageError

LABEL_OF = {
    "angry": "angry",
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happy",
    "happiness": "happy",
    "neutral": "neutral",
    "calm": "neutral",
    "sad": "sad",
    "sadness": "sad",
}
STORED = "logmel_u8.npy.xz"
_WITHOUT_COLUMN = "fields without a column"


def fits(folder: Path) -> bool:
    """Whether ``folder`` has an index."""
    return (folder / "index.csv").is_file()


def read(folder: Path) -> list[Clip]:
    """Every clip of the corpus whose ``index.csv`` is in ``folder``."""
    return read_index(folder / "index.csv")


def read_index(index: Path) -> list[Clip]:
    """Every clip of ``index``; paths in it are relative to its folder, which also names the corpus.

    Raises:
        UsageError: the index cannot be read, or a row lacks what every clip needs.
    """
    try:
        with index.open(newline="", encoding="utf-8-sig") as lines:
            table = csv.DictReader(lines, restkey=_WITHOUT_COLUMN)
            _check_columns(index, table.fieldnames or ())
            return [_clip(index, table.line_num, row) for row in table]
    except OSError as exc:
        raise UsageError(f"{index}: {exc.strerror}, expected a readable index.csv") from exc
    except UnicodeDecodeError as exc:
        raise UsageError(f"{index}: byte {exc.start} is not UTF-8, expected a CSV file in UTF-8") from exc
    except csv.Error as exc:
        raise UsageError(f"{index}: {exc}, expected a readable index.csv") from exc


def _check_columns(index: Path, names: Sequence[str]) -> None:
    columns = set(names)
    if repeated := [name for name, count in Counter(names).items() if name and count > 1]:
        raise UsageError(f"{index}: column {repeated[0]} is there {names.count(repeated[0])} times, expected it once")
    located = "file" in columns or {"clip", "start", "n_frames"} <= columns
    if not located or not {"speaker", "emotion"} <= columns:
        raise UsageError(
            f"{index}: columns are {sorted(columns)}, expected speaker, emotion and file (or clip, start, n_frames),"
            " with commas between them"
        )


def _clip(index: Path, number: int, row: dict[str, str]) -> Clip:
    folder, where = index.parent, f"{index}:{number}"
    if any(row.pop(_WITHOUT_COLUMN, ())):  # empty ones are a spreadsheet's
        raise UsageError(f"{where}: more fields than columns, expected quotes around a field with a comma")
    if None in row.values():  # csv's own mark of a row that ends early
        raise UsageError(f"{where}: fewer fields than columns, expected a row like its header")
    if not row.get("file") and "clip" not in row:
        raise UsageError(f"{where}: no file, expected a path relative to the index")
    try:
        audio = folder / row["file"] if row.get("file") else None
        stored = None if audio else Stored(folder / STORED, int(row["start"]), int(row["n_frames"]))
        corpus, sentence = row.get("corpus") or folder.resolve().name, row.get("text_id") or ""
        counts = [row.get(f"votes_{label}") for label in LABELS]
        return Clip(
            id=audio.stem if audio else row["clip"],
            corpus=corpus,
            speaker=row["speaker"],
            gender=row.get("gender", ""),
            emotion=row["emotion"],
            label=LABEL_OF.get(row["emotion"]),
            intensity=row.get("intensity", ""),
            sentence=sentence,
            words=row.get("words") or words(corpus, sentence),
            level=_mean(where, row, "voice_level"),
            votes=tuple(float(count) for count in counts if count) if all(counts) else None,
            valence=_mean(where, row, "valence"),
            arousal=_mean(where, row, "arousal"),
            dominance=_mean(where, row, "dominance"),
            audio=audio,
            stored=stored,
        )
    except (KeyError, ValueError, TypeError) as exc:
        raise UsageError(f"{where}: {exc}, expected a row like its header") from exc


def _mean(where: str, row: dict[str, str], column: str) -> float | None:
    """The mean of numbers separated by colons, as CREMA-D writes the levels of tied answers."""
    text = row.get(column)
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError as exc:
        raise UsageError(f"{where}: {column} is {text!r}, expected a number") from exc
    return sum(numbers) / len(numbers)
