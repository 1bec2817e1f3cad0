"""Recognisers of words, and of sound and words: vocabularies of the training side, and what is plain."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from convert.corpora.clip import LABELS, Clip
from convert.text.sentences import TEXT_LABELS
from convert.zoo.catalogue import ENTRIES
from convert.zoo.families.on_both import LstmOnBoth
from convert.zoo.families.word_lstm import Sizes, WordLstm
from convert.zoo.features.eight import EIGHT
from convert.zoo.features.store import Store
from convert.zoo.learning.vectors import OfBoth, OfWords
from convert.zoo.problems import Places, Sides, clips_of, named
from convert.zoo.recogniser import Recogniser, Task


@pytest.fixture(scope="module")
def said(places: Places) -> Sides:
    """Sentences by side."""
    return named("meld").sides(clips_of("meld", places), 0)


@pytest.fixture(scope="module")
def spoken(clips: Sequence[Clip]) -> Sides:
    """Clips with words that say their label, every sixth one's words no known ones."""
    words = {label: f"{label} monday" for label in LABELS}
    paired = [
        replace(clip, words="xyzzy" if index % 6 == 5 else words[str(clip.label)]) for index, clip in enumerate(clips)
    ]
    return named("emodb").sides(paired, 0)


def right(recogniser: Recogniser, task: Task, sides: Sides) -> float:
    """Share of the test side that is recognised after training."""
    recogniser.fit(task, sides["train"], sides["validation"])
    scores = recogniser.scores(sides["test"])
    assert scores.shape == (len(sides["test"]), len(task.labels))
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-4)
    assert recogniser.multiply_adds > 0
    return float(np.mean(scores.argmax(axis=1) == task.truth(sides["test"])))


def test_vocabulary_is_of_the_training_side(said: Sides) -> None:
    """Stop words, rare terms and words of other sides have no place in a vector."""
    vectors = OfWords()
    training = [replace(clip, words=f"the {clip.words}") for clip in said["train"]]
    vectors.fit([*training, replace(training[0], words="once")])
    found = vectors.of([replace(training[0], words=text) for text in ("the", "once", "unheard", "furious")])
    assert found.sum(axis=1).A1.tolist() == [0, 0, 0, pytest.approx(1)]


def test_vectors_are_of_words_and_pairs_sublinear(said: Sides) -> None:
    """A pair of words in five sentences is a term; a word said twice counts 1 + log 2 times, not twice."""
    clip = said["train"][0]
    sentences = ["red house"] * 5 + ["red garden"] * 5
    vectors = OfWords()
    vectors.fit([replace(clip, words=text) for text in sentences])
    one, two = (vectors.of([replace(clip, words=text)]).toarray()[0] for text in ("house garden", "house house garden"))
    assert len(one) == 5  # red, house, garden, red house, red garden
    assert two.max() / two[two > 0].min() == pytest.approx((1 + np.log(2)) * one.max() / one[one > 0].min(), rel=1e-5)


def test_both_stand_side_by_side(spoken: Sides, store: Store) -> None:
    """Eight numbers of sound, standardised on the training side, then the words'."""
    vectors = OfBoth(store, EIGHT)
    vectors.fit(spoken["train"])
    found = vectors.of(spoken["train"])
    assert found.shape[1] > 8
    np.testing.assert_allclose(found[:, :8].mean(axis=0), 0, atol=1e-4)
    assert found[:, 8:].min() >= 0
    assert vectors.positive(spoken["test"]).min() >= 0


@pytest.mark.parametrize("name", ["LR", "MNB", "SVM", "MLP", "RF", "XGB"])
def test_words(name: str, said: Sides, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences that say their label are recognised."""
    monkeypatch.setattr("convert.zoo.learning.classical.N_TREES", 20)
    make = ENTRIES[f"{name} on words"].make
    assert make is not None
    assert right(make(store), Task(TEXT_LABELS, 1), said) > 0.9


@pytest.mark.parametrize("name", ["LR", "MNB", "SVM", "MLP", "RF", "XGB"])
def test_both(name: str, spoken: Sides, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that say the label help the sound, and the sound stands in where they say nothing."""
    monkeypatch.setattr("convert.zoo.learning.classical.N_TREES", 20)
    make = ENTRIES[f"{name} on both"].make
    assert make is not None
    assert right(make(store), Task(LABELS, 1), spoken) > 5 / 6 - 0.1


@pytest.mark.filterwarnings("ignore:Even though the `tf.config")  # tf.data's functions stay traced
@pytest.mark.usefixtures("eager")
def test_lstms_run(said: Sides, spoken: Sides, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One epoch of the two LSTMs, the first of them small; what they cost."""
    monkeypatch.setattr("convert.zoo.learning.trained_network.LONGEST", 1)
    words = WordLstm(Sizes(embedding=4, units=3))
    right(words, Task(TEXT_LABELS, 1), said)
    first, second, head = 32 * 2 * 4 * 3 * (4 + 3), 32 * 2 * 4 * 3 * (6 + 3), 6 * 7
    assert words.multiply_adds == first + second + head
    both, vectors = LstmOnBoth(store), OfBoth(store, EIGHT)
    right(both, Task(LABELS, 1), spoken)
    vectors.fit(spoken["train"])
    n_inputs = vectors.of(spoken["test"]).shape[1]
    assert both.multiply_adds == 4 * 256 * (n_inputs + 256) + 4 * 256 * (256 + 256) + 256 * 6
    assert (Sizes().embedding, Sizes().units) == (200, 500)


def test_late_fusion_is_of_one_kind_each() -> None:
    """Its members hear and read; neither does both."""
    members = [ENTRIES[name] for name in ENTRIES["late fusion of E1"].members]
    assert [member.needs for member in members] == [{"sound"}, {"words"}]


def test_sentences_carry_nothing_on_acted_corpora() -> None:
    """The acted corpora's few sentences say nothing, so recognisers of words are not run on them."""
    for entry in ENTRIES.values():
        if "words" in entry.needs:
            assert not set(entry.problems) & {"cremad", "ravdess", "emodb", "nemo"}
            assert entry.problems
