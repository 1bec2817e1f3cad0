"""Who speaks when, from a file that another program wrote.

    RTTM ──SPEAKER lines: recording, start, duration, name──┐
    CSV ──columns start_s, end_s, speaker[, file]───────────┴──► turns by recording ──its name──► tuple of Turn

Both may hold the turns of many recordings; one without names of files holds those of a single one.
"""

import csv
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from edged.calls.settings import Turn
from edged.errors import RecordingError, UsageError, counted

_MAX_BYTES = 64 * 2**20
_RTTM_FIELDS = 8  # those up to the name; a line has nine or ten
_CSV_COLUMNS = ("start_s", "end_s", "speaker")
_EXPECTED = "expected RTTM (SPEAKER file 1 start duration <NA> <NA> name …) or CSV with start_s, end_s, speaker"


class Turns:
    """The turns of one file, by recording."""

    def __init__(self, file: Path) -> None:
        """Reads ``file``.

        Raises:
            UsageError: it cannot be read, or is neither; the message names the line.
        """
        self.file = file
        try:
            if file.stat().st_size > _MAX_BYTES:
                raise UsageError(f"{file}: larger than {_MAX_BYTES} bytes, {_EXPECTED}")
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, ValueError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else "not UTF-8"
            raise UsageError(f"{file}: {reason}, {_EXPECTED}") from exc
        parse = _rttm if file.suffix.lower() == ".rttm" else _csv
        self._by_recording: dict[str, list[Turn]] = {}
        for recording, turn in parse(file, lines):
            self._by_recording.setdefault(recording, []).append(turn)
        if not self._by_recording:
            raise UsageError(f"{file}: no turns, {_EXPECTED}")

    def of(self, recording: Path) -> tuple[Turn, ...]:
        """The turns of ``recording``, found by its name with or without suffix; a file of one recording needs no name.

        Raises:
            RecordingError: there are none.
        """
        named = self._by_recording
        turns = named.get(recording.name) or named.get(recording.stem)
        if turns is None and set(named) == {""}:
            turns = named[""]
        if turns is None:
            raise RecordingError(f"{recording}: no turns in {self.file}, expected lines named {recording.stem}")
        return tuple(sorted(turns, key=lambda turn: turn.start_s))

    def speakers(self) -> list[str]:
        """All names, in order."""
        return sorted({turn.speaker for turns in self._by_recording.values() for turn in turns})


def _rttm(file: Path, lines: Iterable[str]) -> Iterator[tuple[str, Turn]]:
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":  # others are comments and the like
            continue
        if len(fields) < _RTTM_FIELDS:
            raise UsageError(f"{file}:{number}: {counted(len(fields), 'field')}, {_EXPECTED}")
        start_s, duration_s = (_seconds(file, number, text) for text in fields[3:5])
        yield fields[1], _turn(file, number, start_s, start_s + duration_s, fields[7])


def _csv(file: Path, lines: Iterable[str]) -> Iterator[tuple[str, Turn]]:
    reader = csv.DictReader(lines)
    columns = reader.fieldnames or ()
    missing = [column for column in _CSV_COLUMNS if column not in columns]
    if missing:
        raise UsageError(f"{file}: no column {missing[0]}, {_EXPECTED}")
    for number, row in enumerate(reader, start=2):
        start_s, end_s = (_seconds(file, number, row[column] or "") for column in _CSV_COLUMNS[:2])
        yield row.get("file") or "", _turn(file, number, start_s, end_s, (row["speaker"] or "").strip())


def _turn(file: Path, number: int, start_s: float, end_s: float, speaker: str) -> Turn:
    if not 0 <= start_s <= end_s or not speaker:
        raise UsageError(
            f"{file}:{number}: {speaker!r} from {start_s:g} to {end_s:g} s, expected a name and a start before its end"
        )
    return Turn(start_s, end_s, speaker)


def _seconds(file: Path, number: int, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise UsageError(f"{file}:{number}: {text!r} is no time, expected seconds")
    return seconds
