"""edged.hub.linear_text: emotions of a sentence's words, or no evidence; nothing of it is kept or logged."""

import gc
import logging
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.hub.linear_text import LinearText, load_text_scorer
from edged.hub.words.model_file import load_text_model
from edged.hub.words.ngrams import buckets, tokens

if TYPE_CHECKING:
    from edged.hub.text import TextScorer

SCORER = load_text_scorer()


def _best(sentence: str) -> str:
    scores = SCORER.scores(sentence)
    assert scores is not None
    return max(scores, key=scores.__getitem__)


def test_is_the_hubs_text_scorer() -> None:
    """mypy checks the protocol; the labels are those of its scores."""
    scorer: TextScorer = SCORER
    scores = scorer.scores("this is a sentence")
    assert scores is not None
    assert tuple(scores) == scorer.labels


@pytest.mark.parametrize(
    ("sentence", "label"),
    [
        ("I am so angry with you, shut up", "angry"),
        ("that is disgusting, it makes me sick", "disgust"),
        ("I am terrified, this is scary", "fear"),
        ("thank you so much, this is wonderful", "happy"),
        ("I miss her, I feel so sad and lonely", "sad"),
        ("wow, what a surprise", "other"),
    ],
)
def test_plain_sentences(sentence: str, label: str) -> None:
    """What nobody would doubt."""
    assert _best(sentence) == label


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        " ",
        "?!",
        "😡😡😡",
        "12 34 56",
        "Ich habe schreckliche Angst vor dem Hund.",
        "Der Kuchen schmeckt wunderbar, vielen Dank.",
        "Jestem bardzo szczęśliwy, dziękuję.",
        "Sono molto arrabbiato con te.",
        "Я очень злюсь",
        "とても悲しいです",
        "xqzt vrrpl bnnnk",
    ],
)
def test_another_language_is_no_evidence(sentence: str) -> None:
    """None, which is not neutral."""
    assert SCORER.scores(sentence) is None


def test_scores_are_those_of_the_equations() -> None:
    """softmax((sum of idf x weight / length + intercept) / temperature + offset), in float64."""
    model = load_text_model()
    manifest = model.manifest
    rows = buckets(tokens("I love this so much"))
    idf = model.idf[rows] * manifest.idf_scale
    logits = (idf / np.sqrt(idf @ idf)) @ (model.weights[rows] * np.array(manifest.scales)) + manifest.intercepts
    exponents = logits / manifest.temperature + manifest.offsets
    expected = np.exp(exponents) / np.exp(exponents).sum()
    scores = LinearText(model).scores("I love this so much")
    assert scores is not None
    assert list(scores.values()) == pytest.approx(expected.tolist(), abs=1e-5)


@given(st.text())
def test_any_text(sentence: str) -> None:
    """Any text gives a distribution or None."""
    scores = SCORER.scores(sentence)
    assert scores is None or sum(scores.values()) == pytest.approx(1, abs=1e-5)


def test_sentence_is_neither_logged_nor_kept(caplog: pytest.LogCaptureFixture) -> None:
    """No log line, and no object that still holds a word of it afterwards."""
    canary = "canaryword"
    with caplog.at_level(logging.DEBUG):
        SCORER.scores(f"I am so happy about the {canary} you gave me")
    gc.collect()
    assert caplog.text == ""
    # By exact types: anything else may be a proxy of what is gone, and raise.
    containers = [one for one in gc.get_objects() if type(one) in {list, set, dict}]
    held = [one for one in containers if any(type(item) is str and item == f"w{canary}" for item in one)]
    assert held == []
