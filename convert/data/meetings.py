"""Natural speech of meetings (AMI), by side, and windows of it for networks that learn without labels.

    <folder>/*.rttm, *.flac, side ──► Meetings: recording, turns (s) in which somebody speaks
    Meetings ──3 s from every second on, where it is mostly speech──► Clips without a label, a file each

A meeting's speakers are in no other one, so a meeting is on one side.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from convert.corpora.clip import Clip
from convert.data import recordings
from convert.data.sounds import Side, recording
from edged.errors import UsageError, reason
from edged.features.geometry import GEOMETRY

AMI = "ami"
LICENCE = "CC BY 4.0"
_VALIDATION, _TEST = ("trn04", "trn05"), "dev"  # names; test are all that begin so
_JOINED_S = 0.3  # a pause shorter than this is part of the turn
_RTTM_FIELDS = 5  # of a line, as far as its length
_WINDOW_S, _EVERY_S, _MIN_SPEECH = 3, 1, 0.6  # of a window without a label: seconds, seconds, share

Turns = list[tuple[float, float]]  # start and end, seconds
Meeting = tuple[Clip, Turns]


def meetings(folder: Path, side: Side) -> list[Meeting]:
    """The recordings in ``folder`` that are on ``side``; none where there is no such folder.

    Raises:
        UsageError: a list of turns cannot be read.
    """
    turns: dict[str, Turns] = {}
    for file in sorted(folder.glob("*.rttm")):
        try:
            for words in map(str.split, file.read_text(encoding="utf-8").splitlines()):
                if len(words) >= _RTTM_FIELDS and words[0] == "SPEAKER":
                    start_s = float(words[3])
                    turns.setdefault(words[1], []).append((start_s, start_s + float(words[4])))
        except (OSError, ValueError) as exc:  # also bytes that are no UTF-8
            raise UsageError(f"{file}: {reason(exc)}, expected turns: SPEAKER name 1 start_s length_s") from exc
    found = []
    for name, spans in sorted(turns.items()):
        place: Side = "test" if name.startswith(_TEST) else "validation" if name in _VALIDATION else "train"
        if place == side:
            found.append((recording(folder / f"{name}.flac", AMI, "speech"), joined(spans)))
    return found


def joined(spans: Turns) -> Turns:
    """Turns of all speakers as one: those that overlap or nearly meet are one turn."""
    found: Turns = []
    for start_s, end_s in sorted(spans):
        if found and start_s - found[-1][1] < _JOINED_S:
            found[-1] = (found[-1][0], max(found[-1][1], end_s))
        else:
            found.append((start_s, end_s))
    return found


def windows(found: Iterable[Meeting], folder: Path) -> list[Clip]:
    """Clips of 3 s, a meeting's name as their speaker; their files are written to ``folder`` where they are not there.

    Raises:
        RecordingError: a recording cannot be read.
    """
    clips, rate = [], GEOMETRY.sample_rate_hz
    folder.mkdir(parents=True, exist_ok=True)
    for meeting, turns in found:
        samples = recordings.samples(Path(str(meeting.audio)))
        is_speech = np.zeros(len(samples), bool)
        for start_s, end_s in turns:
            is_speech[int(start_s * rate) : int(end_s * rate)] = True
        for first in range(0, len(samples) - _WINDOW_S * rate + 1, _EVERY_S * rate):
            chosen = slice(first, first + _WINDOW_S * rate)
            if is_speech[chosen].mean() < _MIN_SPEECH:
                continue
            file = folder / f"{meeting.id}-{first // rate:02d}.flac"
            if not file.is_file():
                part = file.with_name(f"part-{file.name}")
                recordings.write(part, samples[chosen])
                part.replace(file)
            clips.append(
                Clip(id=file.stem, corpus=AMI, speaker=meeting.id, gender="", emotion="speech", label=None, audio=file)
            )
    return clips
