"""Entries of the hand-crafted features: eight numbers, and the field's own standard set, by the same classifiers.

eight (8,) | eGeMAPS (88,) ──► RF, XGB, SVM, MNB, LR, MLP, and their means E1 and E2
"""

from functools import partial

from convert.zoo.features.egemaps import EGEMAPS
from convert.zoo.features.eight import EIGHT
from convert.zoo.features.store import Kind, Store
from convert.zoo.learning.classical import DESCRIBED, ENSEMBLES, KINDS, Classical
from convert.zoo.learning.vectors import OfSound
from convert.zoo.recogniser import Entry

SAHU = "Sahu 2019, arXiv 1904.06022"
_PUBLISHED = {"RF": 0.560, "XGB": 0.556, "SVM": 0.337, "MNB": 0.313, "LR": 0.334, "MLP": 0.410, "E1": 0.566}
_STANDARD = "Eyben et al. 2016, eGeMAPS; the classifiers of Sahu 2019"


def _classical(features: Kind, name: str, store: Store) -> Classical:
    return Classical(OfSound(store, features), KINDS[name])


def _source(features: Kind, name: str) -> str:
    if features is not EIGHT:
        return _STANDARD
    return f"{SAHU}: {_PUBLISHED[name]:.3f} on IEMOCAP's sound" if name in _PUBLISHED else SAHU


def _entries(features: Kind, described: str) -> list[Entry]:
    single = [
        Entry(
            name=f"{name} on {features.name}",
            family="hand-crafted features",
            what=f"{described}; {DESCRIBED[name]}",
            source=_source(features, name),
            needs=frozenset({"sound"}),
            make=partial(_classical, features, name),
        )
        for name in KINDS
    ]
    means = [
        Entry(
            name=f"{name} on {features.name}",
            family="hand-crafted features",
            what=f"{described}; {DESCRIBED[name]}",
            source=_source(features, name),
            needs=frozenset({"sound"}),
            members=tuple(f"{member} on {features.name}" for member in members),
        )
        for name, members in ENSEMBLES.items()
    ]
    return [*single, *means]


ENTRIES = [*_entries(EIGHT, "8 hand-crafted features"), *_entries(EGEMAPS, "88 functionals of eGeMAPSv02")]
