"""Clips and sentences to trials: each is one clip with a sentence, as if its speaker had said that.

    Voices, the corpus' own sentences ──► negative control: the words say nothing of the emotion
    Voices, test sentences of the same label ──► matched pairs, an upper bound: independent by construction
    Voices, test sentences of another label ──► mismatched pairs: the senses disagree

A real emotion shows in voice and words at different times and to different degrees, which drawn pairs do not imitate.
Figures of matched pairs therefore do not hold in a home.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import LABELS
from convert.evaluate.fusion.voices import Voices
from convert.text.sentences import Sentences
from edged.features.logmel import Floats

Scored = Callable[[list[str]], Floats]  # texts to (n, 7) scores, NaN without evidence


@dataclass(frozen=True, slots=True)
class Trials:
    """Clips with words: the scores of both senses for each."""

    voice: Floats  # (n, 6)
    outputs: Floats  # (n, 16), see Voices
    text: Mapping[str, Floats]  # by text model (n, 7), NaN without evidence
    truth: NDArray[np.int64]  # (n,) the voice's label, index in LABELS
    said: NDArray[np.int64]  # (n,) the sentence's label, -1 where it has none
    speakers: list[str]


def own_sentences(voices: Voices, models: Mapping[str, Scored], words: Mapping[str, str] | None = None) -> Trials:
    """Each clip with the sentence that is spoken in it, or with one of ``words``, by the sentence's name."""
    spoken = [(words or {}).get(clip.sentence, "") if words else clip.words for clip in voices.clips]
    each = sorted(set(spoken))
    where = np.array([each.index(text) for text in spoken], np.int64)
    text = {name: model(each)[where] for name, model in models.items()}
    return Trials(voices.scores, voices.outputs, text, voices.truth, np.full(len(where), -1), voices.speakers)


def pairs(voices: Voices, sentences: Sentences, text: Mapping[str, Floats], seed: int, *, matched: bool) -> Trials:
    """Each clip with a sentence drawn among those of its own label, or of any other of the six.

    ``text`` has the scores of all ``sentences`` by model.
    """
    rng = np.random.default_rng(seed)
    by_label = [np.flatnonzero(sentences.labels == index) for index in range(len(LABELS))]
    drawn = np.zeros(len(voices.truth), np.int64)
    for clip, label in enumerate(voices.truth):
        other = int(rng.choice([index for index in range(len(LABELS)) if index != label]))
        drawn[clip] = rng.choice(by_label[label if matched else other])
    scores = {name: of_model[drawn] for name, of_model in text.items()}
    return Trials(voices.scores, voices.outputs, scores, voices.truth, sentences.labels[drawn], voices.speakers)


def joined(parts: list[Trials]) -> Trials:
    """All trials of several draws."""
    return Trials(
        np.concatenate([part.voice for part in parts]),
        np.concatenate([part.outputs for part in parts]),
        {name: np.concatenate([part.text[name] for part in parts]) for name in parts[0].text},
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.said for part in parts]),
        [speaker for part in parts for speaker in part.speakers],
    )


def mutual_information(first: list[str], second: list[str]) -> float:
    """The mutual information of two labellings in bits, from their counts."""
    rows, columns = np.unique(first, return_inverse=True)[1], np.unique(second, return_inverse=True)[1]
    counts = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(counts, (rows, columns), 1)
    joint = counts / counts.sum()
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    there = joint > 0
    return float((joint[there] * np.log2(joint[there] / independent[there])).sum())
