"""Texts to BERT's input: word pieces, cut to a length, and batches of similar lengths.

    texts ──WordPiece of tokenizer.json──► ids [CLS] … [SEP] ──batches of similar length──► (batch, length) int32

Batches hold sentences of similar lengths, padded to a multiple of 8, so that little is computed on padding and few
shapes are compiled.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edged.errors import UsageError

MAX_TOKENS = 48  # 99 % of GoEmotions' comments have fewer
_STEP = 8
Inputs = dict[str, NDArray[np.int32]]


def token_ids(folder: Path, texts: Sequence[str], max_tokens: int = MAX_TOKENS) -> list[list[int]]:
    """Each text's ids, at most ``max_tokens``, by the ``tokenizer.json`` in ``folder``.

    Raises:
        UsageError: the package tokenizers is absent, or the file is none of its own.
    """
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - of an extra
    except ImportError as exc:
        raise UsageError(f"{exc}: expected the extra convert: pip install -e '.[convert]'") from exc
    file = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as exc:  # the package raises bare Exception
        raise UsageError(f"{file}: {str(exc)[:200]}, expected a tokenizer") from exc
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return [one.ids for one in tokenizer.encode_batch(list(texts))]


def batch_rows(ids: Sequence[Sequence[int]], size: int, seed: int | None = None) -> list[NDArray[np.int64]]:
    """Rows by batch, of similar lengths; in random order where ``seed`` is given, else shortest first."""
    rng = np.random.default_rng(seed)
    lengths = np.array([len(one) for one in ids])
    order = rng.permutation(len(ids)) if seed is not None else np.arange(len(ids))
    order = order[np.argsort(-(-lengths[order] // _STEP), kind="stable")]
    batches = [order[first : first + size] for first in range(0, len(order), size)]
    return [batches[index] for index in rng.permutation(len(batches))] if seed is not None else batches


def padded(ids: Sequence[Sequence[int]]) -> Inputs:
    """(n, length) the network's three inputs, ``length`` a multiple of 8."""
    length = -(-max(len(one) for one in ids) // _STEP) * _STEP
    tokens = np.zeros((len(ids), length), np.int32)
    for row, one in zip(tokens, ids, strict=True):
        row[: len(one)] = one
    mask = (np.arange(length) < np.array([len(one) for one in ids])[:, None]).astype(np.int32)
    return {"token_ids": tokens, "segment_ids": np.zeros_like(tokens), "padding_mask": mask}
