"""The texts of the zoo's page, between its tables."""

INTRODUCTION = """\
# Other recognisers

How do edged's models compare with what others have proposed? Their recognisers are rebuilt here, and trained and tested
on the same speakers and folds as edged's own models. `python -m convert zoo --slow --page docs/zoo.md` trains every row
that has no figures yet, with the corpora and weights that are there, and writes this page, its picture and its figures
(`zoo.json`), which the next run goes on from. Without `--slow` it leaves out what takes minutes to hours a fold. Below
each table stand the recognisers that could have a row there and have none, each with the reason.

- **Apart**: by the committed folds, no speaker is in both training and test. UAR is the unweighted average recall, WAR
  the share of all clips; ± is the standard deviation over seeds. Epochs are chosen on validation speakers.
- **Intervals**, in parentheses, are of 95 % over speakers; for words alone over sentences. One speaker has none. WAR,
  macro-F1 and top-3 have one where the results are known speaker by speaker. Rows that were trained first have only
  UAR's.
- **As published**: the protocol of many publications. Clips are repeated until labels are balanced and then split at
  random, so that speakers and copies of a clip are on both sides, and the epoch is chosen on the test clips. Its
  figures say how well a recogniser remembers.
- **Multiply-adds** are for 3 s of sound or for one sentence (16 word pieces of BERT), without the features; for trees,
  comparisons are counted. The networks of a small bundle may have 125 M together.
- **Folds**: "2 of 8" means that the others are not trained yet. The figure is then of the speakers of these folds
  alone: it cannot be compared with complete rows, and is not in the picture.
- **Seeds** are named, not counted: "3" is one training, with seed 3.
- **CPU a fold**: seconds of one core for training and test, on machines that differed in speed and load: the same fold
  of SimAM CNN took 793 s, and later 1766. `-`: trained before this time was stored; of the bundles it is not measured
  by fold, [Training](training.md) says what they take.
"""
READING = """\
## How to read it

- Features 6 to 8 of `eight` depend on a clip's length and offset, as published: the harmonic part and the maximum of
  the autocorrelation are multiplied by 1000, and the latter is divided by its length.
- CREMA-D comes as log-mel here, so recognisers that need sound have no row there, and networks on frames get its 13
  cepstra alone.
- The words of the acted corpora carry no emotion. Words are therefore measured on sentences, and sound with words on
  pairs: each clip of RAVDESS gets a sentence of GoEmotions with the same label, another one for each block of speakers.
  That gives an upper bound, not the figure of a real recording.
- Short sentences recur: of MELD's 2,610 test sentences 318 are also among the 8,000 of training, of GoEmotions' 4,968
  there are 15. The splits are those of their authors.
- IEMOCAP has sound with words, and no table here: by its licence it may not be passed on. Its reader and its folds are
  tested on made-up clips. Whoever has it beside the other corpora gets its tables from the same command, a session at a
  time: `iemocap-4`, `iemocap-6` and `iemocap-8`.
- The last rows are the cascade's. "M1 of the five networks before" belongs to the previous small bundle: 20 M
  multiply-adds, pretrained on other corpora and fine-tuned (CREMA-D: from scratch) with the folds of the other rows.
  "M1 fold by fold" of a bundle is a head for each fold on its trunk; for `small`, on CREMA-D and EMO-DB, everything is
  retrained in each fold, and EMO-DB's speakers are left out in pairs. The other rows of the bundles are those of their
  cards: on CREMA-D's and EMO-DB's test speakers of the committed split (crosses in the picture: they are not all
  speakers), and on all speakers of corpora that they were never trained on, which is harder than any other row.
"""
SOURCES = """\
## What they are

This project began from five documents that describe recognisers of emotion. They are not published. A source named
"founding document" is one of them, and the figures beside it are quoted from there.
"""
ADDING = """\
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
