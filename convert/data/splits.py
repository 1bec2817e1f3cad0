"""Speakers for training, validation and test: committed lists.

    splits/<corpus>.csv: speaker, gender, block, split ──► Assignment by speaker

No speaker is on two sides.  Blocks distribute the speakers evenly by gender, for folds: fold k tests on its own blocks,
validates on the next one and trains on the rest.  A training on several corpora has folds of its own, with two blocks
of each; the first is the committed split.  The lists were drawn once, with ``drawn`` below, from the speakers of
the corpora at hand; ``python -m convert.data.splits CORPORA`` draws them again, byte for byte.  A speaker who is in no
list (the published corpora have more speakers) is used for training, in every fold.
"""

import csv
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from convert import corpora
from edged.errors import UsageError

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
FOLDER = Path(__file__).parent / "splits"
COLUMNS = ["speaker", "gender", "block", "split"]
N_BLOCKS = {"cremad": 10, "emodb": 8, "nemo": 7, "ravdess": 10}
TEST_BLOCKS = {"cremad": 2, "emodb": 1, "nemo": 1, "ravdess": 2}  # of a fold: five folds, or one speaker each
SHARED_FOLDS, SHARED_BLOCKS = 5, 2  # of a training on several corpora; where a list ends, it starts again
_COMMITTED: dict[int, Split] = {0: "test", 1: "test", 2: "validation"}  # by block; all others are used for training


@dataclass(frozen=True, slots=True)
class Assignment:
    """A speaker's block and split."""

    gender: str
    block: int
    split: Split


def drawn(corpus: str, genders: Mapping[str, str]) -> list[tuple[str, str, int, Split]]:
    """Rows (speaker, gender, block, split) for the speakers of ``genders``; always the same for the same speakers."""
    rng = random.Random(f"edged-{corpus}-1")  # noqa: S311 - a reproducible draw, nothing secret
    by_gender = {gender: sorted(name for name in genders if genders[name] == gender) for gender in ("female", "male")}
    for names in by_gender.values():
        rng.shuffle(names)
    n_blocks = N_BLOCKS[corpus]
    order: list[str] = []
    if len(genders) % (2 * n_blocks) == 0:
        order = by_gender["female"] + by_gender["male"]
    else:  # too few to fill each block with both: the genders take turns
        women, men = by_gender["female"], by_gender["male"]
        while women or men:
            order += [names.pop() for names in (women, men) if names]
    blocks: dict[int, list[str]] = defaultdict(list)
    for index, name in enumerate(order):
        blocks[index % n_blocks].append(name)
    return [
        (name, genders[name], block, _COMMITTED.get(block, "train"))
        for block in sorted(blocks)
        for name in sorted(blocks[block])
    ]


def assignments(corpus: str, folder: Path = FOLDER) -> dict[str, Assignment]:
    """The checked list of ``corpus``; empty where it has none.

    Raises:
        UsageError: the list is not of the columns above, names a speaker twice or has an unknown split.
    """
    table = folder / f"{corpus}.csv"
    if not table.is_file():
        return {}
    listed: dict[str, Assignment] = {}
    with table.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines)
        if reader.fieldnames != COLUMNS:
            raise UsageError(f"{table}: columns are {reader.fieldnames}, expected {COLUMNS}")
        for number, row in enumerate(reader, start=2):
            if row["speaker"] in listed:
                raise UsageError(f"{table}:{number}: {row['speaker']} is listed twice, expected each speaker once")
            if row["split"] not in SPLITS or not (row["block"] or "").isdigit():
                raise UsageError(f"{table}:{number}: {row}, expected a block's number and one of {', '.join(SPLITS)}")
            listed[row["speaker"]] = Assignment(row["gender"], int(row["block"]), cast("Split", row["split"]))
    return listed


def split_of(corpus: str, speakers: Iterable[str], fold: int | None = None) -> dict[str, Split]:
    """The split of each of ``speakers``: the committed one, or that of a fold counted from 0.

    Raises:
        UsageError: the corpus has no such fold.
    """
    listed = assignments(corpus)
    if fold is None:
        return {name: listed[name].split if name in listed else "train" for name in speakers}
    per_fold = TEST_BLOCKS.get(corpus, 0)
    n_folds = N_BLOCKS[corpus] // per_fold if per_fold else 0
    if not 0 <= fold < n_folds:
        raise UsageError(f"fold {fold} of {corpus}: expected 0 to {n_folds - 1}")
    return _around(listed, speakers, range(fold * per_fold, (fold + 1) * per_fold), N_BLOCKS[corpus])


def shared_split_of(corpus: str, speakers: Iterable[str], fold: int | None = None) -> dict[str, Split]:
    """The split of each of ``speakers`` in a training on several corpora: the committed one, or that of a fold.

    Raises:
        UsageError: there is no such fold.
    """
    if fold is None or corpus not in N_BLOCKS:
        return split_of(corpus, speakers)
    if not 0 <= fold < SHARED_FOLDS:
        raise UsageError(f"fold {fold}: expected 0 to {SHARED_FOLDS - 1}")
    first, n_blocks = fold * SHARED_BLOCKS, N_BLOCKS[corpus]
    test = [block % n_blocks for block in range(first, first + SHARED_BLOCKS)]
    return _around(assignments(corpus), speakers, test, n_blocks)


def _around(
    listed: Mapping[str, Assignment], speakers: Iterable[str], test: Sequence[int], n_blocks: int
) -> dict[str, Split]:
    validation = (test[-1] + 1) % n_blocks

    def split(name: str) -> Split:
        if name not in listed:
            return "train"
        block = listed[name].block
        return "test" if block in test else "validation" if block == validation else "train"

    return {name: split(name) for name in speakers}


def write(folder: Path, to: Path = FOLDER) -> None:
    """Draws every list from the corpora below ``folder`` into ``to``."""
    for corpus in N_BLOCKS:
        genders = {clip.speaker: clip.gender for clip in corpora.read(folder / corpus)}
        with (to / f"{corpus}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(drawn(corpus, genders))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
