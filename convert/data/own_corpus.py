"""A user's index to a corpus for training and test: labels as they are, speakers in blocks.

    index.csv ──emotion as a label──► clips ──► OwnCorpus, or a UsageError that says what is missing
    speakers ──labels spread evenly──► blocks; fold k tests block k, chooses on the next one, trains on the rest

Speakers are divided, not clips: results on a voice that a network was trained on say nothing about other voices.
"""

import dataclasses
import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from convert import corpora
from convert.corpora.clip import Clip, as_label
from convert.corpora.index_csv import read_index
from convert.data import dataset
from convert.data.splits import Split
from edged.errors import UsageError, counted

MIN_SPEAKERS = 4  # two to train on, one to choose by, one to test
MIN_SPEAKERS_OF_LABEL = 3  # one on each side
MIN_CLIPS_OF_LABEL = 12
MAX_LABELS = 32  # of a bundle
_MAX_BLOCKS = 5
_SCALES, _SCALE = ("arousal", "valence", "dominance"), (1, 5)  # as IEMOCAP's listeners give them
_GENDERS, _INTENSITIES = ("", "female", "male"), ("", "normal", "strong")
_RESERVED = {"none", "uncertain"}  # words of the state that are no label
# Columns that trainings learn from besides the label: targets of further heads, and words.
_LEARNED = ("gender", "intensity", "level", *_SCALES, "words")
_LABEL = re.compile(r"[a-z][a-z0-9_]{0,31}")
_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclasses.dataclass(frozen=True)
class OwnCorpus:
    """Labelled clips of one corpus, and the block of each speaker."""

    name: str
    clips: list[Clip]
    labels: tuple[str, ...]  # in alphabetical order
    block_of: Mapping[str, int]

    @property
    def n_folds(self) -> int:
        """The number of folds, one per block."""
        return max(self.block_of.values()) + 1

    @cached_property
    def digest(self) -> str:
        """The hash of all that trainings learn from: results of another one are of other recordings.

        The order counts, because scores are stored in it.
        """
        rows = [(clip.id, *(getattr(clip, column) for column in _LEARNED)) for clip in self.clips]
        return hashlib.sha256(f"{dataset.clips_hash(self.clips)} {rows}".encode()).hexdigest()[:16]

    def split(self, fold: int | None) -> dict[Split, list[Clip]]:
        """The clips by side; without a fold nobody is tested, and all but the first block are trained on."""
        test = -1 if fold is None else fold
        validation = (test + 1) % self.n_folds
        sides: dict[Split, list[Clip]] = {"train": [], "validation": [], "test": []}
        for clip in self.clips:
            block = self.block_of[clip.speaker]
            side: Split = "test" if block == test else "validation" if block == validation else "train"
            sides[side].append(clip)
        return sides


def read_own(index: Path) -> OwnCorpus:
    """The corpus in ``index``, whose ``emotion`` column has the labels, or in a folder that one of the readers knows.

    Raises:
        UsageError: it cannot be read, a row lacks speaker or emotion or has another value than a column may have, a
            file is missing, two words would be one label, two spellings two speakers, or there are too few of either.
    """
    folder = index if index.is_dir() else index.parent
    name = _NAME.sub("-", folder.resolve().name).strip("-.")[:64] or "own"
    read = corpora.read(folder) if index.is_dir() else read_index(index)
    if not read:
        raise UsageError(f"{index}: no rows, expected one for each recording")
    clips = [_labelled(index, folder, clip, name) for clip in read]
    labels = tuple(sorted({str(clip.label) for clip in clips}))
    _check(index, clips, labels)
    _check_files(index, clips)
    return OwnCorpus(name, clips, labels, blocks(clips, labels))


def blocks(clips: Sequence[Clip], labels: Sequence[str]) -> dict[str, int]:
    """The block of each speaker: speakers with most clips first, each where its labels are rarest so far."""
    of_speaker: dict[str, Counter[str]] = {}
    for clip in clips:
        of_speaker.setdefault(clip.speaker, Counter())[str(clip.label)] += 1
    total = Counter(str(clip.label) for clip in clips)
    n_blocks = min(_MAX_BLOCKS, len(of_speaker))
    filled: list[Counter[str]] = [Counter() for _ in range(n_blocks)]
    found: dict[str, int] = {}

    def cost(block: int, speaker: str) -> tuple[float, int]:
        added = of_speaker[speaker]
        shares = sum(
            ((filled[block][label] + added[label]) / total[label]) ** 2 - (filled[block][label] / total[label]) ** 2
            for label in labels
        )
        return shares, block

    order = sorted(of_speaker, key=lambda speaker: (-of_speaker[speaker].total(), speaker))
    for speaker in order:
        empty = [block for block in range(n_blocks) if not filled[block]]
        left = len(of_speaker) - len(found)
        among = empty if len(empty) == left else range(n_blocks)  # no block stays empty
        chosen = min(among, key=lambda block: cost(block, speaker))
        filled[chosen] += of_speaker[speaker]
        found[speaker] = chosen
    return found


def _labelled(index: Path, folder: Path, clip: Clip, name: str) -> Clip:
    file = Path(os.path.relpath(clip.audio, folder) if clip.audio else clip.id)
    label = as_label(clip.emotion)
    speaker = " ".join(unicodedata.normalize("NFC", clip.speaker).split())
    if not speaker:
        raise UsageError(f"{index}: {file} has no speaker, expected one: nobody may be on two sides of a split")
    if not _LABEL.fullmatch(label) or label in _RESERVED:
        raise UsageError(
            f"{index}: {file} has emotion {clip.emotion!r}, expected a word of Latin letters, not none or uncertain"
        )
    _check_choice(index, file, "gender", clip.gender, _GENDERS)
    if not index.is_dir():  # corpora have words of their own
        _check_choice(index, file, "intensity", clip.intensity, _INTENSITIES)
    for what in _SCALES:
        value = getattr(clip, what)
        if value is not None and not _SCALE[0] <= value <= _SCALE[1]:
            raise UsageError(f"{index}: {file} has {what} {value:g}, expected {_SCALE[0]} to {_SCALE[1]}")
    identifier = file.with_suffix("").as_posix()
    return dataclasses.replace(clip, id=identifier, corpus=name, speaker=speaker, label=label, votes=None)


def _check_choice(index: Path, file: Path, column: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise UsageError(f"{index}: {file} has {column} {value!r}, expected {' or '.join(allowed[1:])}, or nothing")


def _check(index: Path, clips: Sequence[Clip], labels: Sequence[str]) -> None:
    _check_words(index, clips)
    _check_people(index, clips)
    ids = Counter(clip.id for clip in clips)
    if repeated := [name for name, count in ids.items() if count > 1]:
        raise UsageError(f"{index}: {repeated[0]} is there {ids[repeated[0]]} times, expected each recording once")
    if not 2 <= len(labels) <= MAX_LABELS:  # noqa: PLR2004 - one label is no decision
        raise UsageError(f"{index}: {counted(len(labels), 'label')} ({', '.join(labels)}), expected 2 to {MAX_LABELS}")
    speakers = sorted({clip.speaker for clip in clips})
    if len(speakers) < MIN_SPEAKERS:
        raise UsageError(
            f"{index}: {counted(len(speakers), 'speaker')} ({', '.join(speakers)}), expected"
            f" {MIN_SPEAKERS} or more: some train, others choose and test"
        )
    for label in labels:
        own = [clip for clip in clips if clip.label == label]
        people = sorted({clip.speaker for clip in own})
        if len(people) < MIN_SPEAKERS_OF_LABEL:
            raise UsageError(
                f"{index}: {label} has {counted(len(people), 'speaker')} ({', '.join(people)}), expected"
                f" {MIN_SPEAKERS_OF_LABEL} or more: record others, or leave the label out"
            )
        if len(own) < MIN_CLIPS_OF_LABEL:
            raise UsageError(
                f"{index}: {label} has {counted(len(own), 'clip')}, expected {MIN_CLIPS_OF_LABEL} or more:"
                " record more, or leave the label out"
            )


def _check_words(index: Path, clips: Sequence[Clip]) -> None:
    """Two words whose label is the same would be one emotion, unnoticed: stress+ and stress-."""
    words: dict[str, dict[str, str]] = {}
    for clip in clips:
        plain = re.sub(r"[\s_-]+", "_", unicodedata.normalize("NFKC", clip.emotion).strip().lower())
        words.setdefault(str(clip.label), {}).setdefault(plain, clip.emotion)
    for label, same in words.items():
        if len(same) > 1:
            first, second, *_ = same.values()
            raise UsageError(
                f"{index}: {first!r} and {second!r} would both be the label {label}, expected one spelling, or"
                " words that differ without accents and signs"
            )


def _check_people(index: Path, clips: Sequence[Clip]) -> None:
    """One person under two names would be trained on and tested, unnoticed."""
    names: dict[str, str] = {}
    for clip in clips:
        first = names.setdefault(clip.speaker.casefold(), clip.speaker)
        if clip.speaker != first:
            raise UsageError(
                f"{index}: {first!r} and {clip.speaker!r} would be two speakers, expected one spelling: nobody may be"
                " on two sides of a split"
            )


def _check_files(index: Path, clips: Sequence[Clip]) -> None:
    """All of them before anything is computed: after an hour of features is late."""
    missing = [clip.audio for clip in clips if clip.audio and not os.path.isfile(clip.audio)]  # noqa: PTH113 - false for a name too long
    if missing and os.path.isdir(missing[0]):  # noqa: PTH112 - as above
        raise UsageError(f"{index}: {missing[0]} is a folder, expected the path of a recording")
    if missing:
        slashes = ", with / between folders" if "\\" in str(missing[0]) else ""
        more = f" and {counted(len(missing) - 1, 'other file')}" if missing[1:] else ""
        verb = "are" if missing[1:] else "is"
        raise UsageError(f"{index}: {missing[0]}{more} {verb} not there, expected paths relative to the index{slashes}")
