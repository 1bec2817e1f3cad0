"""Trials: splits of both protocols, means of members, and what is run at all."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from convert.corpora.clip import LABELS, Clip
from convert.zoo import trials
from convert.zoo.catalogue import ENTRIES
from convert.zoo.features.store import Store
from convert.zoo.learning.classical import oversampled
from convert.zoo.problems import named
from convert.zoo.recogniser import Task
from convert.zoo.trials import Outcome, Trial, suits, trials_of
from edged.features.logmel import Floats

EMODB = named("emodb")


class Spy:
    """Knows every label; remembers what it was given."""

    multiply_adds = 7

    def __init__(self, seen: list[tuple[Sequence[Clip], Sequence[Clip]]]) -> None:
        self._seen = seen

    def fit(self, _task: Task, training: Sequence[Clip], validation: Sequence[Clip]) -> None:
        """See ``Recogniser``."""
        self._training, self.validation = training, validation

    def scores(self, tested: Sequence[Clip]) -> Floats:
        """See ``Recogniser``."""
        self._seen.append((self._training, tested))
        return np.eye(len(LABELS), dtype=np.float32)[[LABELS.index(str(clip.label)) for clip in tested]]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Sequence[Clip], Sequence[Clip]]]:
    """What the entry ``spy`` was given: training and test clips."""
    found: list[tuple[Sequence[Clip], Sequence[Clip]]] = []
    monkeypatch.setitem(ENTRIES, "spy", replace(ENTRIES["LR on eight"], name="spy", make=lambda _store: Spy(found)))
    monkeypatch.setitem(ENTRIES, "two", replace(ENTRIES["E1 on eight"], name="two", members=("spy", "spy")))
    return found


def unknown(_trial: Trial) -> Outcome | None:
    """Nothing was run before."""
    return None


def test_oversampling_balances_and_keeps_all() -> None:
    """Every clip stays, and every label is as frequent as the most frequent one."""
    truth = np.array([0, 0, 0, 1, 2, 2])
    chosen = oversampled(truth, 1)
    assert set(chosen.tolist()) == set(range(6))
    assert np.bincount(truth[chosen]).tolist() == [3, 3, 3]


def test_apart_shares_no_speaker(
    seen: list[tuple[Sequence[Clip], Sequence[Clip]]], clips: Sequence[Clip], store: Store
) -> None:
    """A fold tests speakers who are not in training; a recogniser that knows all is right everywhere."""
    result, scores = trials.run(Trial("emodb", "spy", "apart", 0, 1), EMODB, clips, store, unknown)
    ((training, tested),) = seen
    assert not {clip.speaker for clip in training} & {clip.speaker for clip in tested}
    assert result["top3"] == 1
    assert result["multiply_adds"] == 7
    assert len(scores) == len(tested) == np.sum(list(result["speakers"].values()))


def test_leaky_shares_speakers_and_clips(
    seen: list[tuple[Sequence[Clip], Sequence[Clip]]], clips: Sequence[Clip], store: Store
) -> None:
    """The published kind of split has every speaker on both sides, and copies of a clip of a rare label."""
    few = [clip for clip in clips if not (clip.label == "sad" and clip.id.endswith("_1"))]
    trials.run(Trial("emodb", "spy", "leaky", 0, 1), EMODB, few, store, unknown)
    ((mixed, tested),) = seen
    assert {clip.speaker for clip in mixed} == {clip.speaker for clip in clips}
    assert {clip.speaker for clip in tested} <= {clip.speaker for clip in mixed}
    assert {clip.id for clip in mixed} & {clip.id for clip in tested}


def test_leaky_chooses_the_epoch_on_test_clips(
    clips: Sequence[Clip], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As published; apart it is chosen on speakers who are not tested."""
    seen: list[tuple[Sequence[Clip], Sequence[Clip]]] = []
    spy = Spy(seen)
    monkeypatch.setitem(ENTRIES, "spy", replace(ENTRIES["LR on eight"], name="spy", make=lambda _store: spy))
    trials.run(Trial("emodb", "spy", "leaky", 0, 1), EMODB, clips, store, unknown)
    assert spy.validation == seen[-1][1]
    trials.run(Trial("emodb", "spy", "apart", 0, 1), EMODB, clips, store, unknown)
    assert not {clip.speaker for clip in spy.validation} & {clip.speaker for clip in seen[-1][1]}


def test_members_of_the_published_ensembles() -> None:
    """E1 and E2 are of three and of five classifiers, on sound, on words and on both."""
    for features in ("eight", "egemaps", "words", "both"):
        three = tuple(f"{name} on {features}" for name in ("RF", "XGB", "MLP"))
        assert ENTRIES[f"E1 on {features}"].members == three
        assert ENTRIES[f"E2 on {features}"].members == (*three, f"MNB on {features}", f"LR on {features}")


def test_members_that_were_run_are_not_trained_again(
    seen: list[tuple[Sequence[Clip], Sequence[Clip]]], clips: Sequence[Clip], store: Store
) -> None:
    """An ensemble is the mean of its members' scores, and costs what they cost."""
    trial = Trial("emodb", "two", "apart", 0, 1)
    n_tested = len(EMODB.sides(clips, 0)["test"])
    flat = np.full((n_tested, len(LABELS)), 1 / len(LABELS), np.float32)
    asked: list[Trial] = []

    def known(member: Trial) -> Outcome | None:
        asked.append(member)
        return Outcome(flat, 2.0, 5) if len(asked) == 1 else None

    result, scores = trials.run(trial, EMODB, clips, store, known)
    assert asked == [replace(trial, entry="spy")] * 2
    assert len(seen) == 1
    assert result["multiply_adds"] == 5 + 7
    np.testing.assert_allclose(scores.max(axis=1), (1 + 1 / 6) / 2, atol=1e-6)


def test_trials_cover_folds_and_seeds() -> None:
    """Every fold with every seed, and the leaky protocol once; each has a name of its own."""
    found = trials_of(EMODB, "LR on eight")
    assert len(found) == len({trial.name for trial in found}) == 8 * 3 + 1
    assert sum(trial.protocol == "leaky" for trial in found) == 1


def test_what_is_run_where() -> None:
    """A recogniser is run where the clips have what it needs; a special problem only by those that name it."""
    assert suits(EMODB, "RF on eight", frozenset({"sound", "log-mel"}))
    assert not suits(named("cremad"), "RF on eight", frozenset({"log-mel"}))
    assert suits(named("cremad"), "1-D CNN", frozenset({"log-mel"}))
    assert not suits(named("ravdess-8"), "RF on eight", frozenset({"sound", "log-mel"}))


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.members])
def test_members_exist(name: str) -> None:
    """An ensemble's members are in the catalogue, and are no ensembles of it."""
    assert all(member in ENTRIES and member != name for member in ENTRIES[name].members)
    assert ENTRIES[name].make is None
