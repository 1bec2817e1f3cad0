"""edged.hub.words.ngrams: the hashes of a sentence's n-grams, the same on every machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.hub.words.ngrams import MAX_CHARACTERS, N_BUCKETS, N_WORD_BITS, buckets, tokens, word_bit, words


def test_tokens_are_words_and_marks() -> None:
    """Case, punctuation and the kind of apostrophe make no difference; marks that carry an emotion stay."""
    assert tokens("I DON\u2019T know, Anna...  Really?!") == ["i", "don't", "know", "anna", "really", "?!"]
    assert tokens("ok 👍") == ["ok", "👍"]
    assert tokens("[NAME] left") == ["left"]
    assert tokens("\uff2f\uff2b") == ["ok"]  # NFKC


def test_words_are_tokens_without_marks() -> None:
    """Only words count towards a language."""
    assert words(tokens("oh no! 😡 42")) == ["oh", "no"]


def test_buckets_do_not_change() -> None:
    """These numbers are those of the shipped model: another hash would make it worthless without a word."""
    assert buckets(["so"]) == [9423, 26072, 37658, 61755]
    assert word_bit("so") == 43823


def test_order_of_words_counts() -> None:
    """Pairs of words are n-grams too."""
    assert buckets(["not", "good"]) != buckets(["good", "not"])


def test_repeated_words_change_nothing_but_pairs() -> None:
    """An n-gram counts once, however often it is there."""
    assert set(buckets(["so", "so", "so"])) == set(buckets(["so", "so"]))


@pytest.mark.parametrize("sentence", ["", " ", "...", "12 34", "\x00", "\ud800"])
def test_no_word(sentence: str) -> None:
    """Nothing to score, and no error; a lone surrogate as JSON may bring it is no word either."""
    assert words(tokens(sentence)) == []


@given(st.text(max_size=4 * MAX_CHARACTERS))
def test_any_text(sentence: str) -> None:
    """Buckets are ascending, each once, in range, for any text."""
    found = buckets(tokens(sentence))
    assert found == sorted(set(found))
    assert all(0 <= bucket < N_BUCKETS for bucket in found)
    assert all(0 <= word_bit(word) < N_WORD_BITS for word in words(tokens(sentence)))
