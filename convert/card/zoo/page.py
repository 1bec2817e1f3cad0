"""Figures of the zoo to ``docs/zoo.md`` and its picture.

Summaries ──► a table a corpus, with both protocols and the cascade last, and what each recogniser is
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from convert.card.tables import share, table
from convert.card.zoo.plot import PANELS, draw
from convert.zoo import cascade
from convert.zoo.catalogue import ENTRIES
from convert.zoo.problems import PROBLEMS
from convert.zoo.recogniser import Entry
from convert.zoo.summary import Summary

_INTRODUCTION = """\
# Other recognisers

How do edged's models compare with what others have proposed? Their recognisers are rebuilt here, and trained and tested
on the same speakers and folds as edged's own models. `python -m convert zoo --page docs/zoo.md` trains what has no
result yet, and writes this page, its picture and its figures (`zoo.json`), which the next run goes on from.

- **Apart**: by the committed folds, no speaker is in both training and test. UAR is the unweighted average recall, its
  95 % interval is over speakers, ± is the standard deviation over seeds. Epochs are chosen on validation speakers.
- **As published**: the protocol of many publications. Clips are repeated until labels are balanced and then split at
  random, so that speakers and copies of a clip are on both sides, and the epoch is chosen on the test clips. Its
  figures say how well a recogniser remembers.
- **Multiply-adds** are for 3 s of sound or for one sentence (16 word pieces of BERT), without the features; for trees,
  comparisons are counted. The networks of a small bundle may have 125 M together.
- **Folds**: "2 of 8" means that the others are not trained yet. The figure is then of the speakers of these folds
  alone: it cannot be compared with complete rows, and is not in the picture. One speaker has no interval.
- **Seeds** are named, not counted: "3" is one training, with seed 3.
- `python -m convert zoo --model NAME --corpus NAME` repeats a row, at its commit and with its seeds; the rows of the
  bundles are explained below.
"""
_READING = """\
## How to read it

- Features 6 to 8 of `eight` depend on a clip's length and offset, as published: the harmonic part and the maximum of
  the autocorrelation are multiplied by 1000, and the latter is divided by its length.
- CREMA-D comes as log-mel here, so recognisers that need sound have no row there, and networks on frames get its 13
  cepstra alone.
- The words of the acted corpora carry no emotion. Words are therefore measured on sentences, and sound with words on
  pairs: each clip of RAVDESS gets a sentence of GoEmotions with the same label, another one for each block of speakers.
  That gives an upper bound, not the figure of a real recording. IEMOCAP has both; whoever has IEMOCAP can test on it,
  session by session.
- The last rows are the cascade's. "M1 of the five networks before" is of the small bundle before the present one: 20 M
  multiply-adds, pretrained on other corpora and fine-tuned (CREMA-D: from scratch) with the folds of the other rows
  (`python -m convert protocol`). "M1 fold by fold" of a bundle is a head for each fold on its trunk; of `small` on
  CREMA-D and EMO-DB everything is trained for each fold, and EMO-DB's speakers are left out in pairs. The other rows of
  the bundles are those of their cards: on CREMA-D's and EMO-DB's test speakers of
  the committed split, and on all speakers of corpora that they were never trained on, which is harder than any other
  row.
"""
_SOURCES = """\
## What they are

This project began from five documents that describe recognisers of emotion. They are not published. A source named
"founding document" is one of them, and the figures beside it are quoted from there.
"""
_ADDING = """\
## A recogniser of your own

One file in `convert/zoo/families/`. This one, saved as `nearest_mean.py`, is complete:

```python
\"""Nearest mean of the eight hand-crafted features.\"""

import numpy as np

from convert.zoo.features.eight import EIGHT
from convert.zoo.recogniser import Entry


class NearestMean:
    def __init__(self, store):
        self._store = store

    def fit(self, task, training, validation):
        x, truth = self._store.matrix(EIGHT, training), task.truth(training)
        self._spread = x.std(axis=0) + 1e-6
        self._means = np.stack([x[truth == label].mean(axis=0) for label in range(len(task.labels))])

    def scores(self, clips):
        x = self._store.matrix(EIGHT, clips)
        squares = (((x[:, None] - self._means) / self._spread) ** 2).sum(axis=2)
        powers = np.exp((squares.min(axis=1, keepdims=True) - squares) / 2)
        return powers / powers.sum(axis=1, keepdims=True)

    @property
    def multiply_adds(self):
        return self._means.size


ENTRIES = [
    Entry(
        name="nearest mean",
        family="hand-crafted features",
        what="8 hand-crafted features; distance to the mean of each label",
        source="this page",
        needs=frozenset({"sound"}),
        make=NearestMean,
    )
]
```

`python -m convert zoo --list` now has it, `python -m convert zoo --model "nearest mean" --corpus emodb` prints its row,
and `--own INDEX.csv` does the same for your recordings.

- `fit` learns from `training` alone; `validation` has other speakers, to choose an epoch by. `task` has the labels, the
  seed, and `truth(clips)`. `scores` gives a row of probabilities a clip, `multiply_adds` says what one costs.
- `needs` says what the clips must have: `sound`, `log-mel` (all that CREMA-D has), `words`. The other fields of an
  `Entry`, such as members whose scores are averaged, are in `convert/zoo/recogniser.py`.
- `convert/zoo/features/` computes features once and keeps them. `convert/zoo/learning/` has what families share:
  vectors and classifiers, a Keras network whose epoch is chosen on validation speakers, and one on spectrograms with
  augmentation and further heads.
- A result is a file below `--work`. A run that is interrupted resumes; after a change of the recogniser remove its
  files from `zoo/results/` there, and its rows from `zoo.json` beside the page.
"""
_PICTURE = "zoo.png"
Row = tuple[str, str]  # names of a problem and of a recogniser


def write(file: Path, text: str, figures: Sequence[Summary]) -> None:
    """Writes ``text`` to ``file``; beside it the picture of ``figures``, where ``text`` shows it."""
    if f"]({_PICTURE})" in text:
        rows = [*figures, *cascade.summaries()]
        draw(rows, {entry.name: entry.family for entry in ENTRIES.values()}, file.with_name(_PICTURE))
    file.write_text(text, encoding="utf-8")


def page(figures: Sequence[Summary], wanted: Collection[Row] = ()) -> str:
    """The whole page; below each table it names what of ``wanted`` has no figure there."""
    picture = f"![UAR against multiply-adds, by corpus]({_PICTURE})\n"
    parts = [_INTRODUCTION, *([picture] if any(one.problem in PANELS for one in figures) else [])]
    parts += [tables(figures, wanted), _READING, _SOURCES, _what_table(figures), _ADDING]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def tables(figures: Sequence[Summary], wanted: Collection[Row] = ()) -> str:
    """A table for each corpus, as on the page."""
    bundles, parts = cascade.summaries(), []
    for name in [name for name in PROBLEMS if any(one.problem == name for one in figures)]:
        own = sorted((one for one in figures if one.problem == name), key=lambda one: -one.uar)
        problem = PROBLEMS[name]
        n_labels = max(one.n_labels for one in own)
        chance = f"{n_labels} labels; chance is {1 / n_labels:.3f}.\n"
        last = [one for one in bundles if one.problem == name]
        parts += [f"## {problem.title}\n", chance, _table([*own, *last], problem.group)]
        measured = {one.entry for one in own}
        if absent := [entry for row, entry in wanted if row == name and entry not in measured]:
            named = ", ".join(entry + _cost(entry, figures) for entry in absent)
            parts.append(f"Not trained yet on these: {named}.\n")
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _cost(entry: str, figures: Sequence[Summary]) -> str:
    """What a fold takes where the recogniser was trained, in parentheses; nothing where that was not measured."""
    timed = [one for one in figures if one.entry == entry and one.seconds is not None]
    if not timed:
        return ""
    most = max(timed, key=lambda one: one.seconds or 0)
    taken = f"{most.seconds:.0f} s" if most.seconds and most.seconds >= 1 else "less than a second"
    return f" ({taken} of a core a fold of {PROBLEMS[most.problem].title.partition(',')[0]})"


def _table(figures: Sequence[Summary], group: str) -> str:
    head = ["recogniser", "UAR apart (95 %)", "WAR", "macro-F1", "top-3", "UAR as published", "macro-F1 as published"]
    head += ["multiply-adds", f"{group} / folds / seeds", "CPU a fold", "commit"]
    return table(head, [_row(one) for one in figures])


def _row(one: Summary) -> list[str]:
    spread = f" ± {one.spread:.3f}" if len(one.seeds) > 1 else ""
    between = f" ({one.low:.3f} to {one.high:.3f})" if one.n_speakers > 1 else ""
    folds = f"{one.n_folds} of {one.of_folds}" if 0 < one.n_folds < one.of_folds else str(one.n_folds or "-")
    return [
        one.entry,
        f"**{one.uar:.3f}**{spread}{between}",
        f"{one.war:.3f}",
        f"{one.macro_f1:.3f}",
        share(one.top3),
        share(one.leaky_uar),
        share(one.leaky_macro_f1),
        _rounded(one.multiply_adds),
        f"{one.n_speakers} / {folds} / {', '.join(map(str, one.seeds))}",
        "-" if one.seconds is None else f"{one.seconds:.1f} s",
        f"`{one.commit.replace(', ', '`, `')}`",
    ]


def _rounded(count: int) -> str:
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)


def _what_table(figures: Sequence[Summary]) -> str:
    measured = {one.entry for one in figures}
    return table(
        ["recogniser", "input and architecture", "source", "without figures because"],
        [[entry.name, entry.what, entry.source, _absence(entry, measured)] for entry in ENTRIES.values()],
    )


def _absence(entry: Entry, measured: set[str]) -> str:
    """Why ``entry`` has no figure; nothing where it has one."""
    if entry.name in measured:
        return ""
    return entry.reason or "not trained yet"
