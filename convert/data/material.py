"""The clips of a recipe, by purpose.

    corpora's folder, recipe, fold ──readers, splits──► Material: train, validation, test, unseen, unlabelled

Only clips with one of the six labels are taken, but all of a corpus that is trained on without its labels.  A corpus
that is trained on must be there, and with its labels it needs a list of speakers.  An unseen corpus, which is only
tested on, may be absent and is then left out of the metrics.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from convert import corpora
from convert.corpora.clip import Clip
from convert.data import splits
from convert.data.meetings import AMI, Meeting, meetings
from convert.data.sounds import noises
from convert.recipes.spec import Recipe
from edged.errors import UsageError


@dataclass(frozen=True, slots=True)
class Material:
    """Clips by purpose; those of the test side and of unseen corpora by corpus."""

    train: list[Clip]
    validation: list[Clip]
    test: dict[str, list[Clip]]
    unseen: dict[str, list[Clip]]
    noises: list[Clip] = field(default_factory=list)  # recordings that are mixed into augmented copies
    meetings: list[Meeting] = field(default_factory=list)  # speech without labels, trained on
    unlabelled: list[Clip] = field(default_factory=list)  # of corpora that are trained on without their labels

    def all(self) -> list[Clip]:
        """Every clip, in a fixed order."""
        rest = [*self.test.values(), *self.unseen.values()]
        return self.train + self.validation + [clip for clips in rest for clip in clips]


def material(folder: Path, recipe: Recipe, fold: int | None = None) -> Material:
    """The clips of ``recipe`` from the corpora in ``folder``, split by the committed lists or as ``fold`` has it.

    Raises:
        UsageError: a corpus is absent or unknown, or a split is left without clips.
    """
    by_split: dict[splits.Split, dict[str, list[Clip]]] = {split: {} for split in splits.SPLITS}
    for name in recipe.corpora:
        clips = _labelled(corpora.read(folder / name))
        split_of = splits.shared_split_of(name, {clip.speaker for clip in clips}, fold)
        if not splits.assignments(name):
            raise UsageError(f"corpus {name}: no list of speakers in convert/data/splits, expected one to train on it")
        for split in splits.SPLITS:
            by_split[split][name] = [clip for clip in clips if split_of[clip.speaker] == split]
    for split, by_corpus in by_split.items():
        if not any(by_corpus.values()):
            raise UsageError(f"{folder}: no clips for {split}, expected speakers of each split of {recipe.corpora}")
    unlabelled = recipe.trunk.unlabelled if recipe.trunk else ()
    unseen = {name: _labelled(corpora.read(folder / name)) for name in recipe.unseen if (folder / name).is_dir()}
    return Material(
        _joined(by_split["train"].values()),
        _joined(by_split["validation"].values()),
        by_split["test"],
        unseen,
        _noises(folder) if recipe.augmented_copies or recipe.heads else [],
        meetings(folder / AMI, "train") if AMI in unlabelled else [],
        [replace(clip, label=None) for name in unlabelled if name != AMI for clip in corpora.read(folder / name)],
    )


def _noises(folder: Path) -> list[Clip]:
    """None where ESC-10 is absent: evaluation does not need them, and for training ``copies.prepare`` asks for them."""
    return noises(folder, "train") if (folder / "esc10").is_dir() else []


def _labelled(clips: list[Clip]) -> list[Clip]:
    return [clip for clip in clips if clip.label is not None]


def _joined(parts: Iterable[list[Clip]]) -> list[Clip]:
    return [clip for part in parts for clip in part]
