"""What is recognised on which clips, and how they are split: a corpus with its labels and folds.

    name ──► Problem ──clips──► Clips, labelled by the problem ──sides(fold)──► training, validation, test

``ravdess`` has the cascade's six labels, ``ravdess-8`` its own eight; ``iemocap-4``, ``-6`` and ``-8`` are the classes
that the literature counts, by session.  ``goemotions`` and ``meld`` are sentences with the splits of their authors.
``pairs`` gives each clip of RAVDESS a sentence of GoEmotions with the same label: its words carry more emotion than
those of a real recording, so its figures are an upper bound.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from convert import corpora
from convert.corpora import iemocap, ravdess
from convert.corpora.clip import LABELS, Clip
from convert.data import splits
from convert.text import sentences
from convert.zoo.recogniser import Medium
from edged.errors import UsageError

Sides = Mapping[splits.Split, list[Clip]]
_SOUND: frozenset[Medium] = frozenset({"sound", "log-mel"})
_WORDS: frozenset[Medium] = frozenset({"words"})
PAIRS_SEED = 1  # of the draw of sentences, the same for all


@dataclass(frozen=True, slots=True)
class Places:
    """Folders that every worker reads."""

    corpora: Path  # with a folder a corpus
    work: Path
    text: Path  # with the tables of sentences
    own: Path | None = None  # index of a user's recordings

    @property
    def results(self) -> Path:
        """Where results are kept."""
        return self.work / "zoo" / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is recognised on which clips."""

    name: str
    title: str  # as a heading says it
    labels: tuple[str, ...]
    n_folds: int
    read: Callable[[Places], list[Clip]]
    sides: Callable[[Sequence[Clip], int], Sides]  # by fold, counted from 0; no speaker is on two sides
    group: str = "speakers"  # what the interval is over
    special: bool = False  # only for recognisers that name it
    open_to_all: bool = False  # for every recogniser, also for those that name others
    comes_with: frozenset[Medium] = _SOUND  # media of the corpus as it is given out

    @property
    def option(self) -> str:
        """The option that names it on the command line."""
        return "--own INDEX.csv" if self.open_to_all else f"--corpus {self.name}"

    def present(self, places: Places) -> bool:
        """Whether its corpus is there."""
        return all(folder.exists() for folder in _needed(self.name, places))


def named(name: str) -> Problem:
    """The problem of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in PROBLEMS:
        raise UsageError(f"corpus {name!r}: expected some of {', '.join(PROBLEMS)}")
    return PROBLEMS[name]


def media_of(clips: Sequence[Clip]) -> frozenset[Medium]:
    """The media that all ``clips`` have."""
    has: dict[Medium, bool] = {
        "sound": all(clip.audio for clip in clips),
        "log-mel": all(clip.audio or clip.stored for clip in clips),
        "words": all(clip.words for clip in clips),
    }
    return frozenset(medium for medium, everywhere in has.items() if everywhere)


@cache
def clips_of(name: str, places: Places) -> tuple[Clip, ...]:
    """The clips of the problem ``name``, each labelled with one of its labels, in the reader's order."""
    problem = named(name)
    return tuple(clip for clip in problem.read(places) if clip.label in problem.labels)


def _needed(name: str, places: Places) -> list[Path]:
    if name in sentences.CITES:
        return [places.text / f"{name}_train.tsv"]
    corpus = "ravdess" if name == _PAIRS else name.partition("-")[0]
    return [places.corpora / corpus, *([places.text / "goemotions_train.tsv"] if name == _PAIRS else [])]


def _of_corpus(corpus: str, places: Places) -> list[Clip]:
    return corpora.read(places.corpora / corpus)


def _with_own_words(corpus: str, places: Places) -> list[Clip]:
    return [replace(clip, label=clip.emotion) for clip in _of_corpus(corpus, places)]


def _of_iemocap(n_classes: iemocap.Classes, places: Places) -> list[Clip]:
    return iemocap.read(places.corpora / iemocap.NAME, n_classes)


def _by_committed_fold(corpus: str, clips: Sequence[Clip], fold: int) -> Sides:
    split = splits.split_of(corpus, {clip.speaker for clip in clips}, fold)
    return {side: [clip for clip in clips if split[clip.speaker] == side] for side in splits.SPLITS}


def _by_session(clips: Sequence[Clip], fold: int) -> Sides:
    """Session fold + 1 is tested, the next one validates; a session is one woman and one man."""

    def side(clip: Clip) -> splits.Split:
        session = int(clip.speaker.removeprefix("IEMOCAP_")[0]) - 1
        return "test" if session == fold else "validation" if session == (fold + 1) % _N_SESSIONS else "train"

    return {name: [clip for clip in clips if side(clip) == name] for name in splits.SPLITS}


def _of_sentences(corpus: str, places: Places) -> list[Clip]:
    """Each a clip without sound; its id begins with its side, and it is a speaker of its own."""
    found = []
    for split in sentences.SPLITS:
        rows = sentences.read(places.text, corpus, split).first(_N_TRAINING if split == "train" else _ALL_ROWS)
        for number, (text, label) in enumerate(zip(rows.texts, rows.labels, strict=True)):
            name, emotion = f"{split}/{number}", sentences.TEXT_LABELS[label]
            found.append(
                Clip(id=name, corpus=corpus, speaker=name, gender="", emotion=emotion, label=emotion, words=text)
            )
    return found


def _by_table(clips: Sequence[Clip], _fold: int) -> Sides:
    return {side: [clip for clip in clips if clip.id.startswith(f"{side}/")] for side in splits.SPLITS}


def _paired(places: Places) -> list[Clip]:
    """RAVDESS with words: each block of speakers draws from sentences that no other block has."""
    clips = [clip for clip in _of_corpus(ravdess.NAME, places) if clip.label in LABELS]
    listed = splits.assignments(ravdess.NAME)
    n_blocks, generator = splits.N_BLOCKS[ravdess.NAME], np.random.default_rng(PAIRS_SEED)
    rows = sentences.read(places.text, "goemotions", "train")
    by_label = {
        label: [text for text, number in zip(rows.texts, rows.labels, strict=True) if number == index]
        for index, label in enumerate(LABELS)
    }
    found = []
    for clip in clips:
        block = listed[clip.speaker].block if clip.speaker in listed else 0
        own = by_label[str(clip.label)][block::n_blocks]
        found.append(replace(clip, words=own[int(generator.integers(len(own)))]))
    return found


_N_SESSIONS = 5
_N_TRAINING, _ALL_ROWS = 8000, 1_000_000  # sentences: a forest of 1200 trees takes an hour of all of GoEmotions'
_PAIRS = "pairs"


def _folds(corpus: str) -> int:
    return splits.N_BLOCKS[corpus] // splits.TEST_BLOCKS[corpus]


def _cascades(corpus: str, title: str, comes_with: frozenset[Medium] = _SOUND) -> Problem:
    return Problem(
        name=corpus,
        title=title,
        labels=LABELS,
        n_folds=_folds(corpus),
        read=partial(_of_corpus, corpus),
        sides=partial(_by_committed_fold, corpus),
        comes_with=comes_with,
    )


def _iemocaps(n_classes: iemocap.Classes) -> Problem:
    return Problem(
        name=f"{iemocap.NAME}-{n_classes}",
        title=f"IEMOCAP, {n_classes} classes, a session at a time",
        labels=tuple(sorted(set(iemocap.CLASSES[n_classes].values()))),
        n_folds=_N_SESSIONS,
        read=partial(_of_iemocap, n_classes),
        sides=_by_session,
        comes_with=_SOUND | _WORDS,
    )


def _of_words(corpus: str, title: str) -> Problem:
    return Problem(
        name=corpus,
        title=title,
        labels=sentences.TEXT_LABELS,
        n_folds=1,
        read=partial(_of_sentences, corpus),
        sides=_by_table,
        group="sentences",
        comes_with=_WORDS,
    )


_ALL = [
    _cascades("cremad", "CREMA-D", frozenset({"log-mel"})),
    _cascades("ravdess", "RAVDESS"),
    _cascades("emodb", "EMO-DB"),
    _cascades("nemo", "nEMO"),
    Problem(
        name="ravdess-8",
        title="RAVDESS, its eight labels",
        labels=tuple(sorted(ravdess.EMOTIONS.values())),
        n_folds=_folds("ravdess"),
        read=partial(_with_own_words, "ravdess"),
        sides=partial(_by_committed_fold, "ravdess"),
        special=True,
    ),
    _iemocaps(4),
    _iemocaps(6),
    _iemocaps(8),
    _of_words("goemotions", "GoEmotions, words alone, the first 8,000 sentences"),
    _of_words("meld", "MELD, words alone, the first 8,000 sentences"),
    Problem(
        name=_PAIRS,
        title="RAVDESS with sentences of the same label: an upper bound",
        labels=LABELS,
        n_folds=_folds("ravdess"),
        read=_paired,
        sides=partial(_by_committed_fold, "ravdess"),
        special=True,
        comes_with=_SOUND | _WORDS,
    ),
]
PROBLEMS: dict[str, Problem] = {problem.name: problem for problem in _ALL}
