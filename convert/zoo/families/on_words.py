"""Entries of words alone: TF-IDF under the classifiers of Sahu 2019.

TF-IDF (k,) ──► RF, XGB, SVM, MNB, LR, MLP, and their means E1 and E2
"""

from functools import partial

from convert.zoo.families.on_features import SAHU
from convert.zoo.features.store import Store
from convert.zoo.learning.classical import DESCRIBED, ENSEMBLES, KINDS, Classical
from convert.zoo.learning.vectors import OfWords
from convert.zoo.recogniser import Entry

PROBLEMS = ("goemotions", "meld", "iemocap-4", "iemocap-6", "iemocap-8")
PUBLISHED = f"{SAHU}: 0.622 to 0.649 on IEMOCAP's words"


def _classical(name: str, _store: Store) -> Classical:
    return Classical(OfWords(), KINDS[name])


ENTRIES = [
    *(
        Entry(
            name=f"{name} on words",
            family="words",
            what=f"TF-IDF of words and pairs of words; {DESCRIBED[name]}",
            source=PUBLISHED,
            needs=frozenset({"words"}),
            make=partial(_classical, name),
            problems=PROBLEMS,
        )
        for name in KINDS
    ),
    *(
        Entry(
            name=f"{name} on words",
            family="words",
            what=f"TF-IDF of words and pairs of words; {DESCRIBED[name]}",
            source=PUBLISHED,
            needs=frozenset({"words"}),
            members=tuple(f"{member} on words" for member in members),
            problems=PROBLEMS,
        )
        for name, members in ENSEMBLES.items()
    ),
]
