"""A sentence to the hashes of its n-grams; training and hub share this module, or they would not fit each other.

    sentence ──NFKC, lower case──► words, marks ──► word 1-2-grams, character 3-5-grams of each word ──CRC-32──► buckets

CRC-32 is the same on every machine and in every version of Python; ``hash()`` is not.  Marks are what a recogniser may
write beside words and what carries an emotion: ``!``, ``?`` and emojis.  Commas and full stops are left out, since some
recognisers write none.
"""

import itertools
import re
import unicodedata
import zlib

N_BUCKETS = 1 << 16
N_WORD_BITS = 1 << 18  # of the filter of known words
MAX_CHARACTERS = 2000  # of a sentence; what is behind them is not read
_PLACEHOLDERS = re.compile(r"\[(?:name|religion)\]")  # GoEmotions' masks
_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|[!?]+|[^\w\s.,;:\"'()\[\]{}*/\\-]")
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc", "'''")
_SIZES = (3, 4, 5)


def tokens(sentence: str) -> list[str]:
    """Words in lower case, and marks, in their order."""
    text = unicodedata.normalize("NFKC", sentence[:MAX_CHARACTERS]).lower().translate(_APOSTROPHES)
    return _TOKEN.findall(_PLACEHOLDERS.sub(" ", text))


def words(found: list[str]) -> list[str]:
    """Those of ``found`` that are words, not marks."""
    return [token for token in found if token[0].isalpha()]


def buckets(found: list[str]) -> list[int]:
    """The buckets of all n-grams of ``found``, each once, in ascending order."""
    grams = {f"w{token}" for token in found}
    grams.update(f"w{first} {second}" for first, second in itertools.pairwise(found))
    for token in found:
        word = f"<{token}>"
        grams.update(word[start : start + size] for size in _SIZES for start in range(len(word) - size + 1))
    return sorted({_hash(gram) % N_BUCKETS for gram in grams})


def word_bit(word: str) -> int:
    """The bit of ``word`` in the filter of known words."""
    return _hash(f"k{word}") % N_WORD_BITS


def _hash(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "replace"))  # a lone surrogate, as JSON may bring it, is no UTF-8
